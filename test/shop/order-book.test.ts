import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {DatabaseSync} from 'node:sqlite'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {OrderBook} from '../../examples/shop/services/order-book.ts'

let folder: string
let book: OrderBook
const file = () => join(folder, 'orders.db')
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshwright-shop-'))
  book = new OrderBook(file())
})
afterEach(() => {
  book.close()
  rmSync(folder, {recursive: true})
})

const draft = (id: string, quantity = 1) => ({
  id,
  userId: '1',
  items: [
    {productId: 'tea', quantity: 2},
    {productId: 'mug', quantity},
  ],
  total: 2100,
})

/** What somebody else finds in the file. */
function rows(): {orders: number; lines: number} {
  const database = new DatabaseSync(file())
  const count = (name: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${name}`).get()?.['n'])
  const counted = {orders: count('orders'), lines: count('lines')}
  database.close()
  return counted
}

describe('the book of orders', () => {
  test('shows an order once it has been paid for', () => {
    book.begin(draft('a'))
    expect([book.find('a'), book.count, book.unfinished()]).toEqual([undefined, 0, ['a']])
    book.paid('a', 'p')
    expect([book.find('a'), book.count, book.unfinished()]).toEqual([{...draft('a'), paymentId: 'p'}, 1, []])
  })

  test('keeps nothing of an order that was not paid for', () => {
    book.begin(draft('a'))
    book.drop('a')
    expect(rows()).toEqual({orders: 0, lines: 0})
  })

  test('keeps nothing of an order one line of which cannot be', () => {
    expect(() => book.begin(draft('a', 0))).toThrow(/CHECK/)
    expect(rows()).toEqual({orders: 0, lines: 0})
    book.begin(draft('b'))
    expect(rows()).toEqual({orders: 1, lines: 2})
  })

  test('never drops what was paid for', () => {
    book.begin(draft('a'))
    book.paid('a', 'p')
    book.drop('a')
    expect(book.count).toBe(1)
  })

  test('knows after a crash what was left unfinished', () => {
    book.begin(draft('a'))
    book.close()
    book = new OrderBook(file())
    expect(book.unfinished()).toEqual(['a'])
  })
})
