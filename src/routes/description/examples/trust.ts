// Examples of the TUF repository, by the names that fields have on the wire.
import { SHA256 } from "./fleet.ts";

const KEYID = "4d1a2f0c5e9b7386a1d4c7f2e8b5093a6c1d7e4f2b8a5930c6d1e7f4a2b80593";
const SIGNED_FILE = '{"signatures":[{"keyid":"4d1a…","sig":"9f3c…"}],"signed":{"_type":"targets","version":3}}';

const CHECKPOINT =
	"updates.example.com/tlog\n3\ntWfAy7LoXCleat6TDluzSaS5vulInKp9a2ed1G6CpxE=\n\n— updates.example.com/tlog x08goy3TEq70sY1pWfk1SxpKIHl89KaSsN0RJQQ5srXzo/VzkVl6JrPSTqbSIogsXI8NizNu1l0f31HYIWWq+HneJ/g=\n";
const PROOF = `c2sp.org/tlog-proof@v1\nindex 2\n24fO5SUEylcyutSd2x1bhVHAEcGJGZbViqyuR/Zlhe0=\n\n${CHECKPOINT}`;

/** `METHOD /path` → the text that it answers with. */
export const TEXT_EXAMPLES: Readonly<Record<string, string>> = {
	"GET /tlog/checkpoint": CHECKPOINT,
	"GET /tuf/{file}": PROOF,
};

export const TRUST_EXAMPLES: Readonly<Record<string, unknown>> = {
	keyid: KEYID,
	keyids: [KEYID],
	sig: `${SHA256}${SHA256}`,
	signed: { _type: "targets", version: 3, spec_version: "1.0.31", expires: "2027-09-01T00:00:00Z", targets: {} },
	"Trust.key": { keytype: "ed25519", scheme: "ed25519", keyval: { public: SHA256 } },
	root: SIGNED_FILE,
	targets: SIGNED_FILE,
	timestamp: SIGNED_FILE,
	origin: "updates.example.com/tlog",
	keys: ["updates.example.com/tlog+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"],
	file: SIGNED_FILE,
	proposal: null,
	"Trust.version": 3,
	"Role.version": 3,
	"PublishedRole.version": 3,
	expires: "2027-09-01T00:00:00Z",
	threshold: 2,
	trusted: true,
	proposed: false,
	"Trust.releases": 12,
	"Role.releases": 12,
	"PublishedRole.releases": 12,
	"ProposedRole.signatures": 1,
	role_version: 3,
	unsigned_releases: 0,
	signing: "optional",
};
