/**
 * The data set of the benchmarks, the same in every engine and every run: a web shop's. One table is large, with keys and
 * customers unevenly spread; documents are JSON, rows of reports are wide, the ledger is only numbers, images hardly
 * pack, and many tables are small. Texts pack about 2:1.
 */

/** What the tables are made from: rows by table. */
export interface ShopSize {
  readonly customers: number;
  readonly events: number;
  readonly documents: number;
  readonly reports: number;
  readonly ledger: number;
  readonly images: number;
  readonly smallTables: number;
  readonly rowsInSmallTable: number;
}

/** Bytes of a row as text, about: with the shares, what makes `size` bytes of rows. */
const rowBytes = { customers: 230, events: 270, documents: 760, reports: 700, ledger: 62, images: 8300 };
const shares = { customers: 0.05, events: 0.45, documents: 0.15, reports: 0.1, ledger: 0.1, images: 0.15 };

/** For about `bytes` bytes of rows as the copy reads them. */
export function shopOf(bytes: number): ShopSize {
  const rows = (table: keyof typeof shares): number => Math.ceil((bytes * shares[table]) / rowBytes[table]);
  return {
    customers: rows('customers'),
    events: rows('events'),
    documents: rows('documents'),
    reports: rows('reports'),
    ledger: rows('ledger'),
    images: rows('images'),
    smallTables: 100,
    rowsInSmallTable: 50,
  };
}

/** Nothing but small tables. */
export function manySmallTables(tables: number, rows: number): ShopSize {
  return {
    customers: 0,
    events: 0,
    documents: 0,
    reports: 0,
    ledger: 0,
    images: 0,
    smallTables: tables,
    rowsInSmallTable: rows,
  };
}

/** The database all benchmarks use. */
export const benchDatabase = 'bench';
/** Columns of a report's row beside its key. */
export const reportColumns = 60;
const reportTypes = ['int', 'numeric(10,2)', 'date', 'varchar(12)'];
/** Their definitions; the values of four columns in a row differ in kind, as these do. */
export const reportDefinitions = Array.from(
  { length: reportColumns },
  (_, n) => `c${n} ${reportTypes[n % reportTypes.length]}`,
).join(', ');

/** Words that pack well, after hexadecimal digits that do so by half. An SQL literal. */
export const prose =
  "' delivered to the door of the customer, signed for by a neighbour who was at home, order number '";
