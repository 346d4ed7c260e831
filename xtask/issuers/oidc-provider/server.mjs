// A third-party OIDC issuer (npm oidc-provider) on loopback, and a way to log in at it without a browser.
//
// Prints one line of JSON, {"issuer": "..."}, when it is ready. POST /test/login with {"login", "nonce", "algorithm"} goes
// through the authorization code flow as a browser and a client would, over HTTP, and answers {"id_token": "..."};
// POST /test/machine gives a JWT access token by client_credentials.
import { createHash, generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const AUDIENCE = "https://api.acme.example";
const BACK = "http://127.0.0.1/back";
const clientIds = { RS256: "app-rs256", ES256: "app-es256" };
const secret = randomBytes(32).toString("base64url");

const jwk = (pair, kid, alg) => ({ ...pair.privateKey.export({ format: "jwk" }), kid, alg, use: "sig" });
const jwks = {
  keys: [
    jwk(generateKeyPairSync("rsa", { modulusLength: 2048 }), "rsa-1", "RS256"),
    jwk(generateKeyPairSync("ec", { namedCurve: "P-256" }), "ec-1", "ES256"),
  ],
};

const server = createServer();
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const clients = Object.entries(clientIds).map(([alg, client_id]) => ({
  client_id,
  client_secret: secret,
  redirect_uris: [BACK],
  response_types: ["code"],
  grant_types: ["authorization_code"],
  id_token_signed_response_alg: alg,
}));
clients.push({
  client_id: "machine",
  client_secret: secret,
  redirect_uris: [],
  response_types: [],
  grant_types: ["client_credentials"],
});

const provider = new Provider(issuer, {
  clients,
  jwks,
  cookies: { keys: [randomBytes(16).toString("hex")] },
  conformIdTokenClaims: false,
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: id !== "unverified" }),
  }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const grant = new provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      getResourceServerInfo: (_, resource) => ({
        scope: "read",
        audience: resource,
        accessTokenFormat: "jwt",
        jwt: { sign: { alg: "RS256" } },
      }),
    },
  },
});
const serve = provider.callback();

const body = async (request) => {
  let text = "";
  for await (const piece of request) text += piece;
  return JSON.parse(text || "{}");
};

/** The code flow: follows redirects with cookies, as a browser does, up to the client's own address. */
async function login({ login, nonce, algorithm = "RS256" }) {
  const client_id = clientIds[algorithm];
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id,
    nonce,
    response_type: "code",
    scope: "openid email",
    redirect_uri: BACK,
    login_hint: login,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const cookies = new Map();
  let url = `${issuer}/auth?${query}`;
  for (let step = 0; step < 10 && !url.startsWith(BACK); step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(";")[0].split(/=(.*)/s);
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    const location = answer.headers.get("location");
    if (!location) throw new Error(`no redirect from ${new URL(url).pathname}: ${answer.status} ${await answer.text()}`);
    url = new URL(location, url).href;
  }
  const code = new URL(url).searchParams.get("code");
  if (!code) throw new Error(`no code in ${url}`);
  return token(client_id, { grant_type: "authorization_code", code, redirect_uri: BACK, code_verifier: verifier });
}

async function token(client_id, form) {
  const authorization = `Basic ${Buffer.from(`${client_id}:${secret}`).toString("base64")}`;
  const answer = await fetch(`${issuer}/token`, { method: "POST", headers: { authorization }, body: new URLSearchParams(form) });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

async function test(request, response) {
  const asked = await body(request);
  const tokens = request.url === "/test/login"
    ? await login(asked)
    : await token("machine", { grant_type: "client_credentials", resource: AUDIENCE, scope: "read" });
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(tokens));
}

server.on("request", (request, response) => {
  const failed = (error) => response.writeHead(500).end(String(error));
  if (request.method === "POST" && request.url.startsWith("/test/")) {
    test(request, response).catch(failed);
  } else if (request.url.startsWith("/interaction/")) {
    provider
      .interactionDetails(request, response)
      .then(({ params }) => provider.interactionFinished(request, response, { login: { accountId: params.login_hint } }))
      .catch(failed);
  } else {
    serve(request, response);
  }
});
console.log(JSON.stringify({ issuer }));
process.stdin.on("end", () => process.exit(0)).resume();
