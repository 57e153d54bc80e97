CREATE TABLE products (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL UNIQUE,
  stock integer NOT NULL CHECK (stock >= 0)
);

INSERT INTO products (name, stock) VALUES ('chair', 10), ('lamp', 3);
