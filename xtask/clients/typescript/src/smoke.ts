// One call with the generated types: makes a user and prints its id.
import createClient from "openapi-fetch";

// Imported so that the compiler reads all three documents.
import type { paths as DecisionPaths } from "./generated/decision.js";
import type { paths as IdentityPaths } from "./generated/identity.js";
import type { paths as TokenPaths } from "./generated/token.js";

export type AllPaths = IdentityPaths & TokenPaths & DecisionPaths;

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

const client = createClient<IdentityPaths>({
  baseUrl: setting("TRILBY_TEST_URL"),
  headers: { Authorization: `Bearer ${setting("TRILBY_TEST_TOKEN")}` },
});

const { data, error } = await client.POST("/v1/accounts/{account}/users", {
  params: { path: { account: setting("TRILBY_TEST_ACCOUNT") } },
  body: { name: setting("TRILBY_TEST_USER") },
});
if (data === undefined) throw new Error(`create_user was refused: ${JSON.stringify(error)}`);
console.log(data.id);
