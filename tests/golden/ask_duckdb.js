// DuckDB on what a run leaves: node tests/golden/ask_duckdb.js SQL   prints the rows, "|" between values, as sqlite3 does.
// Needs @duckdb/node-api (npm install @duckdb/node-api), found by NODE_PATH; a query that DuckDB refuses ends with status 1.
const { DuckDBInstance } = require("@duckdb/node-api");
(async () => {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const rows = (await connection.runAndReadAll(process.argv[2])).getRowsJson();
  for (const row of rows) console.log(row.join("|"));
})().catch((error) => {
  console.error(error.message);
  process.exit(1);
});
