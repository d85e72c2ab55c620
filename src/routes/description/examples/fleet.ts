// The made-up fleet of the examples: what several of them name.
export const ACCOUNT = "acct-f5any44xnhvcz9cn";
export const DEVICE = "dev-f5any44xnh-7k2m9q4t1xw3hd8c";
export const OTHER_DEVICE = "dev-f5any44xnh-2c8w5n0r6jyt4v1e";
export const LICENSE = "lic-qe6v809z";
export const GROUP = "hag-f5any44xnh-4m7t2k9x";
export const SHA256 = "91c4483aad62c1aedf3b4355a1a809ca204a8715baf62fe7eaf6d51e70dbfbd0";
export const NOW = "2026-09-21T14:15:00Z";
export const SOON = "2026-09-21T14:30:00Z";
export const END = "2027-09-01T00:00:00Z";
export const CODE = "F5AN-Y44X-NH3M-T8N0-QBXA-YQQA-H3J3-19RS-BHAN";
export const KEY_X = "aBlNpuwaz-HkB87foPhG-m1sid3TRZsf_gXNmIkAGio";
export const JWK = { kty: "OKP", crv: "Ed25519", x: KEY_X };
export const CAPABILITY = "k3f9a2b.eyJkZXZpY2UiOiJkZXYt.Wv8oR1nX4tq6cJ0zKQ3pLw";
