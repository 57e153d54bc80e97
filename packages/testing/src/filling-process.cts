/**
 * The program of a process that fills a database. A CommonJS module in both builds, so that it has the same name in
 * both.
 */
void import('./fill/child.js');
