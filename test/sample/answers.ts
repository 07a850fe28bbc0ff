/** Questions the shop asks of its books: what a person would check first after a restore. */
import type { TestServer } from '../servers/server.ts';

export interface SampleAnswer {
  readonly question: string;
  /** Computed by the server, one line for each row of the answer. */
  readonly answer: string;
}

/** Asks every question of one server. Two servers that hold the same books answer the same, word for word. */
export async function sampleAnswers(server: TestServer, database: string): Promise<SampleAnswer[]> {
  const questions = server.engine === 'postgres' ? postgresQuestions : mysqlQuestions;
  const answers: SampleAnswer[] = [];
  for (const [question, sql] of Object.entries(questions)) {
    const rows = await server.run(sql, database);
    answers.push({
      question,
      answer: rows.map((row) => Object.values(row).map(String).join(' | ')).join('\n'),
    });
  }
  return answers;
}

/** The questions whose answers differ, with both answers. Throws when a side has no answer to one of them. */
export function differingAnswers(
  source: readonly SampleAnswer[],
  restored: readonly SampleAnswer[],
): string[] {
  return source.flatMap(({ question, answer }) => {
    const other = restored.find((entry) => entry.question === question);
    if (answer === '' || other === undefined) throw new Error(`no answer to: ${question}`);
    return answer === other.answer ? [] : [`${question}: ${answer} became ${other.answer}`];
  });
}

type Questions = Readonly<Record<string, string>>;

/** In the words of both engines. Dates, amounts and counts as text: no driver's idea of a value is in between. */
const postgresQuestions: Questions = {
  'revenue per month and channel':
    'SELECT month, channel::text, currency, sum(total)::text FROM sales.revenue_by_month GROUP BY 1, 2, 3 ORDER BY 1, 2, 3',
  'the ten best products': 'SELECT name, total::text FROM sales.best ORDER BY total DESC, name LIMIT 10',
  'stock is the sum of movements':
    'SELECT warehouse, count(*)::text, sum(pieces)::text, min(at)::text, max(at)::text FROM stock.movement GROUP BY 1 ORDER BY 1',
  'orders not paid':
    'SELECT count(*)::text, min(o.id)::text, max(o.id)::text FROM sales.orders o LEFT JOIN sales.payment p ON p.order_id = o.id WHERE p.id IS NULL',
  'payments less refunds':
    'SELECT p.method::text, sum(p.paid - coalesce(r.back, 0))::text FROM sales.payment p LEFT JOIN sales.refund r ON r.payment = p.id GROUP BY 1 ORDER BY 1',
  'the best customers': `SELECT c.name, c.mail::text, sum(l.total)::text FROM people.customer c JOIN sales.orders o ON o.customer = c.id
    JOIN sales.line l ON l.order_id = o.id GROUP BY c.id, c.name, c.mail ORDER BY sum(l.total) DESC, c.id LIMIT 10`,
  'customers by region and decade': `SELECT region, extract(decade FROM born)::text, count(*)::text FROM people.customer GROUP BY 1, 2 ORDER BY 1, extract(decade FROM min(born)) NULLS LAST`,
  'what is found by a word':
    "SELECT id::text, name FROM catalogue.product WHERE search @@ to_tsquery('english', 'mild & night') ORDER BY id LIMIT 10",
  'the tree of categories':
    'SELECT c.path::text, count(x.product)::text FROM catalogue.category c LEFT JOIN catalogue.product_category x ON x.category = c.id GROUP BY c.id, c.path ORDER BY c.path',
  'exchange rates to the last digit':
    'SELECT currency, sum(rate)::text, md5(string_agg(as_float::text, $$,$$ ORDER BY day)) FROM sales.exchange_rate GROUP BY 1 ORDER BY 1',
  'rooms taken':
    'SELECT room, count(*)::text, range_agg(during)::text FROM workshop.lesson WHERE id < 60 GROUP BY 1 ORDER BY 1',
  'leaflets, byte for byte':
    'SELECT product::text, length(lo_get(content))::text, md5(lo_get(content)) FROM catalogue.leaflet ORDER BY product',
  'pages that fail':
    "SELECT status::text, count(*)::text, sum(seconds::numeric)::text, max(at AT TIME ZONE 'UTC')::text FROM web.visit WHERE status >= 400 GROUP BY 1 ORDER BY 1",
  'the old books': `SELECT count(*)::text, md5(string_agg("Größe.Maß" || "%s\\n" || coalesce("Soll & Haben (DM)"::text, ''), ',' ORDER BY "select"))
    FROM "Old Books (1987)"."Ledger ""A""; -- draft"`,
};

const mysqlQuestions: Questions = {
  'revenue per month and channel':
    'SELECT month, channel, currency, CAST(total AS CHAR) FROM aa_revenue_by_month ORDER BY month, channel, currency',
  'the ten best products':
    'SELECT p.name, CAST(SUM(l.total) AS CHAR) FROM order_line l JOIN product p ON p.id = l.product GROUP BY p.id, p.name ORDER BY SUM(l.total) DESC, p.id LIMIT 10',
  'stock is the sum of movements':
    'SELECT warehouse, COUNT(*), CAST(SUM(pieces) AS CHAR), CAST(MIN(at) AS CHAR), CAST(MAX(at) AS CHAR), SUM(stock_level(product) > 0 AND product < 20) FROM movement GROUP BY warehouse ORDER BY warehouse',
  'orders not paid':
    'SELECT COUNT(*), MIN(o.id), MAX(o.id) FROM orders o LEFT JOIN payment p ON p.order_id = o.id WHERE p.id IS NULL',
  'payments less refunds':
    'SELECT p.method, CAST(SUM(p.paid - COALESCE(r.back, 0)) AS CHAR) FROM payment p LEFT JOIN refund r ON r.payment = p.id GROUP BY p.method ORDER BY p.method',
  'the best customers': `SELECT c.name, c.mail, CAST(SUM(l.total) AS CHAR) FROM customer c JOIN orders o ON o.customer = c.id
    JOIN order_line l ON l.order_id = o.id GROUP BY c.id, c.name, c.mail ORDER BY SUM(l.total) DESC, c.id LIMIT 10`,
  'customers by region and decade':
    'SELECT region, YEAR(born) DIV 10 AS decade, COUNT(*) FROM customer GROUP BY region, decade ORDER BY region, decade',
  'what is found by a word':
    "SELECT id, name FROM product WHERE MATCH (name, description) AGAINST ('+mild +nights' IN BOOLEAN MODE) ORDER BY id LIMIT 10",
  'the tree of categories':
    'SELECT c.id, c.name, COUNT(x.product) FROM category c LEFT JOIN product_category x ON x.category = c.id GROUP BY c.id, c.name ORDER BY c.id',
  'exchange rates to the last digit':
    'SELECT currency, CAST(SUM(rate) AS CHAR), CAST(SUM(CAST(as_float AS DOUBLE)) AS CHAR), SUM(CRC32(CAST(as_double AS CHAR))) FROM exchange_rate GROUP BY currency ORDER BY currency',
  'rooms taken':
    'SELECT room, COUNT(*), CAST(MIN(begins) AS CHAR), CAST(MAX(begins) AS CHAR) FROM lesson GROUP BY room ORDER BY room',
  'leaflets, byte for byte':
    'SELECT product, LENGTH(content), SHA2(content, 256), SHA2(said, 256) FROM leaflet ORDER BY product',
  'pages that fail':
    'SELECT status, COUNT(*), CAST(MAX(at) AS CHAR), SUM(CRC32(HEX(visitor))) FROM visit WHERE status >= 400 GROUP BY status ORDER BY status',
  'the old books':
    'SELECT COUNT(*), SUM(CRC32(HEX(`Größe.Maß`))), SUM(CRC32(HEX(`%s\\n`))), CAST(MIN(opened) AS CHAR), CAST(SUM(`Soll & Haben (DM)`) AS CHAR) FROM `Ledger ``A``; -- draft`',
};
