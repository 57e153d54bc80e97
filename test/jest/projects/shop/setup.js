// What an application does as it is loaded.
globalThis.urlWhenLoaded = process.env.DATABASE_URL;
