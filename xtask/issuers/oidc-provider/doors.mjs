// What a test may ask of an issuer beside what an issuer is for: POST /test/<door>, with and without a body, in JSON.
//
//   login     {"login", "nonce", "algorithm"}: the authorization code flow as a browser and a client go through it, over HTTP;
//             answers {"id_token", ...}
//   machine   a JWT access token by client_credentials
//   sign      {"claims", "algorithm", "by"}: {"id_token"} of these claims, signed by a key of the issuer's ("present", "retired")
//             or by one of nobody ("stranger"), which bears the name of the present one
//   rotate    the issuer signs by other keys; the old ones stay published until
//   withdraw  they are not
//   fetches   {"discovery", "keys"}: how often each was asked for
import { createHash, randomBytes, sign as signature } from "node:crypto";
import { BACK, CLIENTS, freshKeys } from "./issuer.mjs";

const AUDIENCE = "https://api.acme.example";
const STEPS_MAX = 10;

export const doorsOf = (issuer) => ({
  login: (asked) => login(issuer, asked),
  machine: () => token(issuer, "machine", { grant_type: "client_credentials", resource: AUDIENCE, scope: "read" }),
  sign: (asked) => ({ id_token: sign(issuer, asked) }),
  rotate: () => (issuer.rotate(), {}),
  withdraw: () => (issuer.withdraw(), {}),
  fetches: () => issuer.fetches,
});

/** The code flow: follows redirects with cookies, as a browser does, up to the client's own address. */
async function login(issuer, { login, nonce, algorithm = "RS256" }) {
  const client_id = CLIENTS[algorithm];
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
  let url = `${issuer.url}/auth?${query}`;
  for (let step = 0; step < STEPS_MAX && !url.startsWith(BACK); step += 1) {
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
  const form = { grant_type: "authorization_code", code, redirect_uri: BACK, code_verifier: verifier };
  return token(issuer, client_id, form);
}

async function token(issuer, client_id, form) {
  const authorization = `Basic ${Buffer.from(`${client_id}:${issuer.secret}`).toString("base64")}`;
  const body = new URLSearchParams(form);
  const answer = await fetch(`${issuer.url}/token`, { method: "POST", headers: { authorization }, body });
  if (answer.status !== 200) throw new Error(`token: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

function sign(issuer, { claims, algorithm = "RS256", by = "present" }) {
  const of = (keys) => keys.find(({ alg }) => alg === algorithm);
  const present = of(issuer.keys);
  const { key, kid } = {
    present: () => present,
    retired: () => of(issuer.retired),
    stranger: () => ({ ...present, key: of(freshKeys(0)).key }),
  }[by]();
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const input = `${part({ alg: algorithm, typ: "JWT", kid })}.${part(claims)}`;
  return `${input}.${signature("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}
