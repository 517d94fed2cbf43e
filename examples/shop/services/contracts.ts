import {op} from '../../../src/sdk/index.ts'

/*
 * What each service offers, shared by whoever calls it: clients are typed by these, and nothing is generated.
 */

export interface User {
  readonly id: string
  readonly name: string
}

export interface Item {
  readonly productId: string
  readonly quantity: number
}

export interface Product {
  readonly id: string
  readonly name: string
  /** Cents. */
  readonly price: number
  /** Since version v2. */
  readonly recommended?: readonly string[]
}

export interface Order {
  readonly id: string
  readonly userId: string
  readonly items: readonly Item[]
  /** Cents. */
  readonly total: number
  readonly paymentId: string
}

export interface Payment {
  readonly id: string
  readonly orderId: string
}

export interface PaymentStatus {
  readonly payment: Payment | null
}

export interface Notification {
  readonly about: string
  readonly text: string
}

export const userOperations = {
  getUser: op<{id: string}, User>('GET /users/{id}'),
  placeOrder: op<{userId: string; items: readonly Item[]}, Order>('POST /users/{userId}/orders'),
}

export const productOperations = {
  getProduct: op<{id: string}, Product>('GET /products/{id}'),
}

export const orderOperations = {
  createOrder: op<{userId: string; items: readonly Item[]}, Order>('POST /orders'),
  getOrder: op<{id: string}, Order>('GET /orders/{id}'),
  countOrders: op<void, {orders: number; unfinished: number}>('GET /orders/count'),
}

export const paymentOperations = {
  processPayment: op<{orderId: string; amount: number}, Payment>('POST /payments'),
  getStatus: op<{orderId: string}, PaymentStatus>('GET /status/{orderId}'),
}

export const notificationOperations = {
  notify: op<Notification>('POST /notifications'),
}
