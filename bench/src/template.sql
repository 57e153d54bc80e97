CREATE TABLE person (id serial PRIMARY KEY, name text NOT NULL);
CREATE TABLE visit (id serial PRIMARY KEY, person int REFERENCES person, at timestamptz DEFAULT now());
INSERT INTO person (name) SELECT 'person ' || i FROM generate_series(1, 20) i;
