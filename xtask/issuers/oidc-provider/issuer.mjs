// One issuer: oidc-provider at a port of its own, with keys that it changes on request.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

export const BACK = "http://127.0.0.1/back";
/** The client whose tokens are signed so. */
export const CLIENTS = { RS256: "app-rs256", ES256: "app-es256" };

/** What the provider keeps, and how long each lives: an ID token too. */
const KEPT = ["AccessToken", "AuthorizationCode", "ClientCredentials", "Grant", "IdToken", "Interaction", "Session"];
const LIFETIME_S = 3600;

const DISCOVERY = "/.well-known/openid-configuration";
const KEYS = "/jwks";

const generate = {
  RS256: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
  ES256: () => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
};

/** A fresh key for each algorithm. */
export const freshKeys = (generation) =>
  Object.keys(CLIENTS).map((alg) => ({ alg, kid: `${alg.toLowerCase()}-${generation}`, key: generate[alg]() }));

const jwk = ({ key, kid, alg }) => ({ ...key.export({ format: "jwk" }), kid, alg, use: "sig" });

export class Issuer {
  secret = randomBytes(32).toString("base64url");
  cookieKey = randomBytes(16).toString("hex");
  generation = 1;
  /** The keys that sign now, and those that did. */
  keys = freshKeys(1);
  retired = [];
  fetches = { discovery: 0, keys: 0 };
  doors = {};
  port = 0;

  static async open() {
    const issuer = new Issuer();
    await issuer.listen();
    issuer.url = `http://127.0.0.1:${issuer.port}`;
    issuer.publish(issuer.keys);
    return issuer;
  }

  /** At the port that it had before, if any. */
  async listen() {
    this.server = createServer((request, response) => this.answer(request, response));
    await new Promise((resolve, reject) => this.server.on("error", reject).listen(this.port, "127.0.0.1", resolve));
    this.port = this.server.address().port;
  }

  async close() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  /** Signs by other keys from now on. The old ones stay published until they are withdrawn. */
  rotate() {
    this.generation += 1;
    this.retired = this.keys;
    this.keys = freshKeys(this.generation);
    this.publish([...this.keys, ...this.retired]);
  }

  withdraw() {
    this.publish(this.keys);
  }

  /** The provider reads its keys when it is made; what it knows of people and grants is kept outside of it. */
  publish(keys) {
    this.provider = new Provider(this.url, this.configuration(keys));
    this.serve = this.provider.callback();
  }

  configuration(keys) {
    return {
      clients: this.clients(),
      jwks: { keys: keys.map(jwk) },
      cookies: { keys: [this.cookieKey] },
      conformIdTokenClaims: false,
      ttl: Object.fromEntries(KEPT.map((kind) => [kind, LIFETIME_S])),
      claims: { openid: ["sub"], email: ["email", "email_verified"] },
      findAccount: (_, id) => ({
        accountId: id,
        claims: () => ({ sub: id, email: `${id}@acme.example`, email_verified: id !== "unverified" }),
      }),
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      loadExistingGrant: async (ctx) => {
        const { client, session } = ctx.oidc;
        const grant = new this.provider.Grant({ clientId: client.clientId, accountId: session.accountId });
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
    };
  }

  clients() {
    const people = Object.entries(CLIENTS).map(([alg, client_id]) => ({
      client_id,
      client_secret: this.secret,
      redirect_uris: [BACK],
      response_types: ["code"],
      grant_types: ["authorization_code"],
      id_token_signed_response_alg: alg,
    }));
    const machine = {
      client_id: "machine",
      client_secret: this.secret,
      redirect_uris: [],
      response_types: [],
      grant_types: ["client_credentials"],
    };
    return [...people, machine];
  }

  answer(request, response) {
    const failed = (error) => response.writeHead(500).end(String(error));
    if (request.url === DISCOVERY) this.fetches.discovery += 1;
    if (request.url === KEYS) this.fetches.keys += 1;
    if (request.method === "POST" && request.url.startsWith("/test/")) {
      this.answerTest(request, response).catch(failed);
    } else if (request.url.startsWith("/interaction/")) {
      this.provider
        .interactionDetails(request, response)
        .then(({ params }) =>
          this.provider.interactionFinished(request, response, { login: { accountId: params.login_hint } }))
        .catch(failed);
    } else {
      this.serve(request, response);
    }
  }

  async answerTest(request, response) {
    let text = "";
    for await (const piece of request) text += piece;
    const door = this.doors[request.url.slice("/test/".length)];
    if (!door) throw new Error(`no door ${request.url}`);
    const said = await door(JSON.parse(text || "{}"));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
  }
}
