// Third-party OIDC issuers (npm oidc-provider) on loopback, and ways to log in at them without a browser.
//
// Prints one line of JSON, {"issuer": "..."}, when the first is ready. Each has the doors of `doors.mjs`; the first has, besides:
// POST /test/issuers opens another, with keys and clients of its own, and answers {"issuer": "..."}; POST /test/close and
// /test/reopen with {"issuer"} take one off the network and put it back.
import { Issuer } from "./issuer.mjs";
import { doorsOf } from "./doors.mjs";

const opened = new Map();

async function open(more = {}) {
  const issuer = await Issuer.open();
  issuer.doors = { ...doorsOf(issuer), ...more };
  opened.set(issuer.url, issuer);
  return { issuer: issuer.url };
}

const named = ({ issuer }) => {
  if (!opened.has(issuer)) throw new Error(`no issuer ${issuer} was opened here`);
  return opened.get(issuer);
};

const first = await open({
  issuers: () => open(),
  close: async (asked) => (await named(asked).close(), {}),
  reopen: async (asked) => (await named(asked).listen(), {}),
});
console.log(JSON.stringify(first));
// Nobody reads on, and a full pipe would hold everything up.
console.info = console.error;
process.stdin.on("end", () => process.exit(0)).resume();
