// Fixed secrets for tests: public, hence worthless, and marked so that no production service would accept them.

export const TEST_SECRETS = {
	MAC_KEYS: "local1:iH97sCOnGjMd93MnR6LAGZtkgcgkIsR_eCUhW9Pr4os",
	LOOKUP_KEY: "localO2L2uVUqOlcLvdWFWY-gitzUWYA7uhc2LcqMN33",
	BOOTSTRAP_KEY: "local-bootstrap-key-for-tests-only-0001",
} as const;

/** CLIENT_CERT_SECRET: by which the proxy is known that says which certificate a device has shown. */
export const TEST_PROXY_SECRET = "proxy-of-the-tests-000000000000000000000000000";
