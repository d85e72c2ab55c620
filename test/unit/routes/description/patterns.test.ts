// The patterns of the API's description say what the code's rules say: neither takes a text that the other refuses.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createApp } from "../../../../src/app.ts";
import { autoscalingEvent } from "../../../../src/aws/autoscaling-event.ts";
import { localeTag } from "../../../../src/content/messages/message.ts";
import { keySubject, scope } from "../../../../src/entitlement/keys/credential-record.ts";
import {
	instanceName,
	labels,
	modelName,
	packageFileName,
	productName,
	serialNumber,
	versionName,
} from "../../../../src/names.ts";
import { displayName } from "../../../../src/plain-text.ts";
import type { Schema } from "../../../../src/routes/description/api-document.ts";
import { describeApi } from "../../../../src/routes/description/describe-api.ts";
import { createJudge } from "../../../support/description/json-schema.ts";
import { runs } from "../../../support/runs.ts";

const document = describeApi(createApp());
const judge = createJudge(document, { isClosed: false });

/** A schema of the document by the way to it. */
function schemaAt(...way: readonly string[]): Schema {
	const found = way.reduce<unknown>(
		(part, name) => (part as Record<string, unknown>)[name],
		document.components.schemas,
	);
	return found as Schema;
}

interface Rule {
	readonly schema: Schema;
	readonly takes: (text: string) => boolean;
}
type Parser = { safeParse(value: unknown): { success: boolean } };
const parsing = (schema: Schema, parser: Parser): Rule => ({ schema, takes: (text) => parser.safeParse(text).success });

const event = (text: string) => ({
	source: "aws.autoscaling",
	"detail-type": "EC2 Instance-launch Lifecycle Action",
	time: "2026-09-21T14:15:00Z",
	region: "eu-central-1",
	detail: {
		LifecycleActionToken: "t",
		AutoScalingGroupName: text,
		LifecycleHookName: "h",
		EC2InstanceId: "i-0123456789abcdef0",
		LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
	},
});
const label = schemaAt("ClientMetadata", "properties", "device_labels");
const labelKey = (label as { propertyNames?: Schema }).propertyNames;

const RULES: Readonly<Record<string, Rule>> = {
	product: parsing(schemaAt("License", "properties", "products", "items"), productName),
	version: parsing(schemaAt("NewRelease", "properties", "engine", "properties", "min"), versionName),
	model: parsing(schemaAt("ClientMetadata", "properties", "device_model"), modelName),
	serial: parsing(schemaAt("ClientMetadata", "properties", "device_serial"), serialNumber),
	instance: parsing(schemaAt("LaunchEvent", "properties", "instance"), instanceName),
	"label's value": {
		schema: label.additionalProperties as Schema,
		takes: (text) => labels.safeParse({ site: text }).success,
	},
	"label's key": {
		schema: labelKey ?? {},
		// `__proto__` is no label's key: it is left out, which is no refusal.
		takes: (text) => Object.hasOwn(labels.safeParse({ [text]: "1" }).data ?? {}, text),
	},
	"scope of a key": parsing(schemaAt("NewApiKey", "properties", "scopes", "items"), scope),
	"name of AWS": {
		schema: schemaAt("AutoscalingEvent", "properties", "detail", "properties", "AutoScalingGroupName"),
		takes: (text) => autoscalingEvent.safeParse(event(text)).success,
	},
	"file name": parsing(parameterOf("/d/{sha256}/{name}", "name"), packageFileName),
	locale: parsing(parameterOf("/v1/messages", "locale"), localeTag),
};

function parameterOf(path: string, name: string): Schema {
	return document.paths[path]?.["get"]?.parameters?.find((one) => one.name === name)?.schema ?? {};
}

/** Texts near the rule: such as match, such as match but for a character, and any. */
function textsNear(patterns: readonly string[]): fc.Arbitrary<string> {
	const matching = fc.oneof(...patterns.map((pattern) => fc.stringMatching(new RegExp(pattern, "u"))));
	const broken = fc
		.tuple(matching, fc.nat(80), fc.string({ unit: "binary", minLength: 0, maxLength: 2 }))
		.map(([text, at, piece]) => text.slice(0, at) + piece + text.slice(at));
	return fc.oneof(
		matching,
		broken,
		fc.string({ unit: "grapheme" }),
		matching.map((text) => `${text}\n`),
	);
}

const patternsOf = (schema: Schema): string[] => [
	...(schema.pattern === undefined ? [] : [schema.pattern]),
	...(schema.anyOf ?? []).flatMap(patternsOf),
];

describe.each(Object.entries(RULES))("the %s", (_, { schema, takes }) => {
	it("is taken by the description exactly where the code takes it", () => {
		const patterns = patternsOf(schema);
		expect(patterns.length).toBeGreaterThan(0);
		fc.assert(
			fc.property(textsNear(patterns), (text) => {
				expect([text, judge(schema, text) === null]).toEqual([text, takes(text)]);
			}),
			{ numRuns: runs(300, 20_000) },
		);
	});
});

describe.each([
	["name that people give", schemaAt("NewHaGroup", "properties", "name"), displayName],
	["subject of a key", schemaAt("NewApiKey", "properties", "subject"), keySubject],
] as const)("the %s, of which a pattern cannot say all", (_, schema, rule) => {
	it("is never refused by the description where the code takes it", () => {
		fc.assert(
			fc.property(textsNear(patternsOf(schema)), (text) => {
				if (rule.safeParse(text).success) expect([text, judge(schema, text)]).toEqual([text, null]);
			}),
			{ numRuns: runs(300, 20_000) },
		);
	});
});

it("a name in ASCII is taken by the description exactly where the code takes it", () => {
	const schema = schemaAt("NewHaGroup", "properties", "name");
	fc.assert(
		fc.property(fc.string({ unit: "binary-ascii", minLength: 1, maxLength: 4 }), (text) => {
			expect([text, judge(schema, text) === null]).toEqual([text, displayName.safeParse(text).success]);
		}),
		{ numRuns: runs(2_000, 100_000) },
	);
});
