// Which events the hook takes, and what it says of those that it does not.
import { describe, expect, test } from "vitest";
import { autoscalingEvent, readAutoscalingEvent } from "../../../src/aws/autoscaling-event.ts";
import { autoscalingNews } from "../../support/autoscaling-events.ts";

const LAUNCH = autoscalingNews("launch");

/** The event with one member changed; undefined = left out. @param path as "detail.EC2InstanceId" */
function changed(path: string, value: unknown): unknown {
	const copy = JSON.parse(JSON.stringify(LAUNCH));
	const [first = "", second] = path.split(".");
	if (second === undefined) copy[first] = value;
	else copy[first][second] = value;
	return JSON.parse(JSON.stringify(copy));
}

test("both events are read, with whatever else they carry", () => {
	const at = Date.parse(LAUNCH.time) / 1000;
	const action = {
		token: LAUNCH.detail.LifecycleActionToken,
		group: "edge firewalls",
		hook: "parapet/launch",
		instance: LAUNCH.detail.EC2InstanceId,
	};
	const launch = autoscalingEvent.parse({ ...LAUNCH, "replay-name": "again", more: { than: ["before"] } });
	expect(readAutoscalingEvent(launch)).toEqual({ kind: "launch", region: "eu-central-1", at, action });
	const terminate = autoscalingEvent.parse(autoscalingNews("terminate"));
	expect(readAutoscalingEvent(terminate)).toMatchObject({ kind: "terminate", action: { hook: "parapet/terminate" } });
});

describe("is refused, with its name and a word on what to do", () => {
	test.each([
		["source", "aws.ec2", /event pattern/],
		["source", undefined, /event pattern/],
		["detail-type", "EC2 Instance Launch Successful", /event pattern/],
		["detail-type", undefined, /event pattern/],
		["time", undefined, /as it is/],
		["time", "yesterday", /as it is/],
		["region", undefined, /./],
		["detail", undefined, /as it is/],
		["detail.LifecycleActionToken", undefined, /as it is/],
		["detail.LifecycleActionToken", "a token", /token/],
		["detail.AutoScalingGroupName", "", /AWS/],
		["detail.AutoScalingGroupName", "a\nb", /AWS/],
		["detail.LifecycleHookName", undefined, /as it is/],
		["detail.EC2InstanceId", "i-1234567890ABCDEF0", /instance/],
		["detail.EC2InstanceId", "../i-1234567890abcdef0", /instance/],
		["detail.EC2InstanceId", undefined, /as it is/],
		["detail.LifecycleTransition", "autoscaling:EC2_INSTANCE_TERMINATING", /detail-type/],
	])("%s = %j", (path, value, message) => {
		const parsed = autoscalingEvent.safeParse(changed(path, value));
		expect(parsed.error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
		expect(parsed.error?.issues[0]?.message).toMatch(message);
	});
});

describe("a region is refused where it could lead elsewhere", () => {
	test.each([
		...[
			"evil.example/?",
			"eu-central-1.evil.example",
			"eu-central-1@evil.example",
			"eu-central-1#",
			"EU-central-1",
			"",
		],
		...["eu-central-10", "eu-central", "us-iso-east-1", "eu-central-1\n", "eu-central-1/", "..", "eu-centralcentral-1"],
	])("%j", (region) => {
		expect(autoscalingEvent.safeParse(changed("region", region)).success).toBe(false);
	});

	test.each(["us-east-1", "eu-central-1", "ap-southeast-5", "us-gov-west-1", "cn-northwest-1", "mx-central-1"])(
		"and %s is not",
		(region) => {
			expect(autoscalingEvent.safeParse(changed("region", region)).success).toBe(true);
		},
	);
});
