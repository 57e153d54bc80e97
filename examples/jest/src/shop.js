/** What the shop does with its database. */
exports.placeOrder = async (knex, { product, amount }) =>
  knex.transaction(async (transaction) => {
    const [row] = await transaction('products')
      .where({ name: product })
      .where('stock', '>=', amount)
      .decrement('stock', amount)
      .returning('id');
    if (row === undefined) return undefined;
    const [order] = await transaction('orders').insert({ product: row.id, amount }).returning('id');
    return order.id;
  });
