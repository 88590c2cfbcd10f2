// A real OpenID provider (oidc-provider) with its own pages for signing in. Settings come as JSON on the command line:
// {port, client_id, client_secret, algorithm, redirect_uris, accounts: {login: {email, email_verified, name}}}.
// Says its address once it listens. The account's subject is the login.
import { createServer } from "node:http";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { Provider } from "oidc-provider";

const { port = 0, client_id, client_secret, algorithm, redirect_uris, accounts } = JSON.parse(process.argv[2]);

const PAIRS = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }], Ed25519: ["ed25519", {}] };
const keys = Object.entries(PAIRS).map(([alg, [kind, options]]) => ({
  ...generateKeyPairSync(kind, options).privateKey.export({ format: "jwk" }),
  alg,
  kid: alg,
  use: "sig",
}));

const server = createServer();
server.listen(port, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    jwks: { keys },
    cookies: { keys: [randomBytes(16).toString("hex")] },
    clients: [{ client_id, client_secret, redirect_uris, id_token_signed_response_alg: algorithm }],
    enabledJWA: { idTokenSigningAlgValues: Object.keys(PAIRS) },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"] },
    async findAccount(_, login) {
      return { accountId: login, claims: async () => ({ sub: login, ...accounts[login] }) };
    },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
