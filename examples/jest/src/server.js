const { createServer } = require('node:http');
const { placeOrder } = require('./shop.js');

/** The HTTP API: `POST /orders` through knex, `GET /report` through a pool that only reads. */
exports.createApi = ({ knex, pool }) =>
  createServer((request, response) => {
    const answer = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    handle(request, { knex, pool }).then(
      ({ status, body }) => answer(status, body),
      (error) => answer(500, { error: error.message }),
    );
  });

async function handle(request, { knex, pool }) {
  if (request.method === 'POST' && request.url === '/orders') {
    let text = '';
    for await (const chunk of request) text += chunk;
    const order = await placeOrder(knex, JSON.parse(text));
    return order === undefined
      ? { status: 409, body: { error: 'out of stock' } }
      : { status: 201, body: { order } };
  }
  if (request.method === 'GET' && request.url === '/report') {
    const { rows } = await pool.query(
      `SELECT p.name, coalesce(sum(o.amount), 0)::int AS sold, p.stock
       FROM products p LEFT JOIN orders o ON o.product = p.id GROUP BY p.id ORDER BY p.name`,
    );
    return { status: 200, body: rows };
  }
  return { status: 404, body: { error: 'not found' } };
}
