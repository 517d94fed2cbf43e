import {DatabaseSync} from 'node:sqlite'
import type {Item, Order} from './contracts.ts'

/** What is known of an order before it has been paid for. */
export type Draft = Omit<Order, 'paymentId'>

/**
 * Orders in SQLite. An order is begun with all of its lines, or not at all; it counts once it has been paid for, and is gone
 * with all of its lines when it cannot be.
 */
export class OrderBook {
  readonly #database: DatabaseSync

  /** @param file `:memory:` for one that is gone with the process */
  constructor(file: string) {
    this.#database = new DatabaseSync(file)
    this.#database.exec(`
      PRAGMA foreign_keys = ON;
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, userId TEXT NOT NULL, total INTEGER NOT NULL, paymentId TEXT
      ) STRICT;
      CREATE TABLE IF NOT EXISTS lines (
        orderId TEXT NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        productId TEXT NOT NULL,
        quantity INTEGER NOT NULL CHECK (quantity > 0)
      ) STRICT;
    `)
  }

  begin({id, userId, items, total}: Draft): void {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      this.#database.prepare('INSERT INTO orders (id, userId, total) VALUES (?, ?, ?)').run(id, userId, total)
      const line = this.#database.prepare('INSERT INTO lines (orderId, productId, quantity) VALUES (?, ?, ?)')
      for (const {productId, quantity} of items) line.run(id, productId, quantity)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  paid(id: string, paymentId: string): void {
    this.#database.prepare('UPDATE orders SET paymentId = ? WHERE id = ?').run(paymentId, id)
  }

  /** The order and its lines. */
  drop(id: string): void {
    this.#database.prepare('DELETE FROM orders WHERE id = ? AND paymentId IS NULL').run(id)
  }

  /** One that has been paid for. */
  find(id: string): Order | undefined {
    const row = this.#database.prepare('SELECT userId, total, paymentId FROM orders WHERE id = ?').get(id)
    if (row === undefined || row['paymentId'] === null) return undefined
    const {userId, total, paymentId} = row
    return {id, userId: String(userId), items: this.#itemsOf(id), total: Number(total), paymentId: String(paymentId)}
  }

  /** Orders of which it is not known whether they were paid for: left by a process that ended too early. */
  unfinished(): readonly string[] {
    return this.#database
      .prepare('SELECT id FROM orders WHERE paymentId IS NULL')
      .all()
      .map(({id}) => String(id))
  }

  get count(): number {
    return Number(this.#database.prepare('SELECT count(*) AS n FROM orders WHERE paymentId IS NOT NULL').get()?.['n'])
  }

  close(): void {
    this.#database.close()
  }

  #itemsOf(id: string): readonly Item[] {
    return this.#database
      .prepare('SELECT productId, quantity FROM lines WHERE orderId = ? ORDER BY rowid')
      .all(id)
      .map(({productId, quantity}) => ({productId: String(productId), quantity: Number(quantity)}))
  }
}
