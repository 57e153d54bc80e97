import { Pool } from 'pg';

export const pool = new Pool({ connectionString: process.env['DATABASE_URL'] });

/** Sells so many of a product. */
export async function sell(name: string, amount: number): Promise<boolean> {
  const { rowCount } = await pool.query(
    'UPDATE products SET stock = stock - $2 WHERE name = $1 AND stock >= $2',
    [name, amount],
  );
  return rowCount === 1;
}

export async function stockOf(name: string): Promise<number | undefined> {
  const { rows } = await pool.query<{ stock: number }>('SELECT stock FROM products WHERE name = $1', [name]);
  return rows[0]?.stock;
}
