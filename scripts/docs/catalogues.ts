// The reference documents that are one table each, from the lists in the code: errors, entitlement codes, events, history.
import { DECISION_CODES } from "../../src/entitlement/decision-codes.ts";
import { ACCOUNT_EVENTS, DEPLOYMENT_EVENTS, PRODUCT_EVENTS } from "../../src/events/catalogue.ts";
import { EVENT_KINDS, HISTORY_FIELDS } from "../../src/history/fields.ts";
import { PROBLEMS } from "../../src/problem-catalogue.ts";
import { OAUTH_ERRORS } from "../../src/routes/http/oauth-error.ts";
import { GENERATED, table } from "./markdown.ts";

/** docs/entitlement-codes.md */
export function entitlementCodes(): string {
	const lines = [
		GENERATED,
		"",
		"# Entitlement codes",
		"",
		"Source: `src/entitlement/decision-codes.ts`. `GET /v1/entitlements` and `GET /v1/entitlements/{product}` answer 200 with one of these",
		"codes for each product, a check has them beside each product, and the problem `not_entitled` has them as `entitlement_code`. The list",
		"is closed. Whatever the code: what is installed on a device stays. `GET /v1/devices/{device}/explain` has all that led to it.",
		"",
		"| code | what it means | what to do |",
		"| --- | --- | --- |",
	];
	for (const [code, { title, fix }] of Object.entries(DECISION_CODES))
		lines.push(`| \`${code}\` | ${title}. | ${fix} |`);
	return `${lines.join("\n")}\n`;
}

/** docs/events.md */
export function events(): string {
	const lines = [
		GENERATED,
		"",
		"# Events",
		"",
		"Source: `src/events/catalogue.ts`. What the `type` of an event may be, in the three kinds of trails; how they are read, and how webhooks",
		"are told of them, is in [operations](operations.md#events-and-webhooks). The list is closed: nothing else is ever written. Types are stable",
		"for ever, and new ones are added, so a reader passes over what it does not know. `subject` is the id of what comes before the full stop",
		"unless the table says otherwise; `detail` is for people, and its wording may change.",
	];
	for (const [title, types] of [
		["Of an account", ACCOUNT_EVENTS],
		["Of a product", PRODUCT_EVENTS],
		["Of the deployment", DEPLOYMENT_EVENTS],
	] as const) {
		lines.push("", `## ${title}`, "", "| type | what happened |", "| --- | --- |");
		for (const [type, text] of Object.entries(types)) lines.push(`| \`${type}\` | ${text}. |`);
	}
	return `${lines.join("\n")}\n`;
}

/** docs/errors.md */
export function errors(): string {
	const lines = [
		GENERATED,
		"",
		"# Errors",
		"",
		"Source: `src/problem-catalogue.ts`. Every error outside `/oauth2/` is an RFC 9457 `application/problem+json` document with these codes,",
		"stable for ever, a `title`, what to do about it (`fix`), whether the same request can succeed later (`retryable`) and the",
		"`request_id` under which the operator's log has the reason. 429 and 503 carry an integer `Retry-After`. Under `/oauth2/` errors are",
		"those of RFC 6749, RFC 7591 and RFC 9449; `server_time` is there when the device's clock is what is wrong. None of them means that a",
		"firewall should drop what it has installed.",
		"",
		"| code | status | what happened | what to do | retry |",
		"| --- | --- | --- | --- | --- |",
	];
	for (const [code, row] of Object.entries(PROBLEMS).sort(([, a], [, b]) => a.status - b.status)) {
		lines.push(`| \`${code}\` | ${row.status} | ${row.title}. | ${row.fix} | ${row.retryable ? "yes" : "no"} |`);
	}
	const errors = Object.entries(OAUTH_ERRORS).map(([error, meaning]) => [`\`${error}\``, `${meaning}.`]);
	lines.push(
		"",
		"## Under /oauth2/",
		"",
		"`error` is one of these, and `error_description` says more to people. What a",
	);
	lines.push("does about each.", "", ...table(["error", "what happened"], errors));
	return `${lines.join("\n")}\n`;
}

/** docs/history.md */
export function history(): string {
	const lines = [
		GENERATED,
		"",
		"# History",
		"",
		"Source: `src/history/fields.ts`. The history has one flat row for each thing that devices ask for; how it is switched on, kept and asked",
		"is in [operations](operations.md#history). It is no audit trail: trails ([events](events.md)) say who changed what, exactly and for ever; the",
		"history says what the fleet did, for as long as it is kept, and may lack what an isolate held when it ended. Devices have pseudonyms, a",
		"keyed MAC (HMAC-SHA256 by a key for that alone, derived from `LOOKUP_KEY`) of the month and the device's id: nobody without the key can",
		"tell which device it is, or that two months are about one.",
		"",
		"## Kinds",
		"",
		...table(
			["kind", "what happened"],
			Object.entries(EVENT_KINDS).map(([kind, text]) => [`\`${kind}\``, `${text}.`]),
		),
		"",
		"## Columns",
		"",
		"There are no others, and nothing a client sends reaches a column but what its route has parsed. Texts are cut at the length given, and",
		"control characters in them are `?`. In the files `null` is left out. `infra/pipelines/stream-schema.json` is the same for a stream.",
		"",
		...table(
			["column", "type", "what it says"],
			HISTORY_FIELDS.map((field) => [`\`${field.name}\``, typeText(field), `${field.about}.`]),
		),
	];
	return `${lines.join("\n")}\n`;
}

function typeText(field: (typeof HISTORY_FIELDS)[number]): string {
	const type = field.type === "text" ? `text, ${field.max}` : field.type;
	return field.nullable ? `${type}, or null` : type;
}

const STREAM_TYPES = { text: "string", time: "timestamp", whole: "int64" } as const;

/** infra/pipelines/stream-schema.json: what `wrangler pipelines streams create --schema-file` takes. */
export function streamSchema(): string {
	const fields = HISTORY_FIELDS.map(({ name, type, nullable }) => ({
		name,
		type: STREAM_TYPES[type],
		...(type === "time" && { unit: "millisecond" }),
		required: !nullable,
	}));
	return `${JSON.stringify({ fields }, null, "\t")}\n`;
}
