// Fixed secrets for tests: public, hence worthless, and marked so that no production service would accept them.

export const TEST_SECRETS = {
	TOKEN_KEYS: JSON.stringify({
		local: true,
		keys: [
			{
				kty: "EC",
				x: "v2dKfRkePzwZPhuD5UTmMNDykKsFXV7sLjxLPkKO3UY",
				y: "sClMM8MtX8YNvJgHuKkKBUN6B6rXPuB3lhrLXdKpA-w",
				crv: "P-256",
				d: "HbbwSEvyIEbtEMHedwu_PbKlei5TCNfFHxWwMRhnxdE",
				kid: "fVGRa4DB-bKZmnIbg6E6Gjm45OWL01ucEgzML34kFz0",
				alg: "ES256",
				use: "sig",
			},
		],
	}),
	MAC_KEYS: "local1:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os",
	LOOKUP_KEY: "localO2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33",
	BOOTSTRAP_KEY: "local-bootstrap-key-for-tests-only-0001",
} as const;
