// The two events of Amazon EC2 Auto Scaling that the hook takes, as EventBridge delivers them. Members that it does not need
// may be there or not.
import { z } from "zod";
import { awsRegion } from "./region.ts";

const TRANSITIONS = {
	"EC2 Instance-launch Lifecycle Action": "autoscaling:EC2_INSTANCE_LAUNCHING",
	"EC2 Instance-terminate Lifecycle Action": "autoscaling:EC2_INSTANCE_TERMINATING",
} as const;
const LAUNCH = "EC2 Instance-launch Lifecycle Action";
const TERMINATE = "EC2 Instance-terminate Lifecycle Action";

const AS_IT_IS = "let the rule's target send the matched event as it is";
const name = z
	.string(AS_IT_IS)
	.regex(/^\P{Cc}{1,255}$/u, "1 to 255 characters, as AWS names them")
	// The same without a class of Unicode, which not every reader of JSON Schema knows.
	.meta({ pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,255}$" });

export const autoscalingEvent = z
	.looseObject({
		source: z.literal(
			"aws.autoscaling",
			"must be aws.autoscaling: narrow the event pattern of the rule to that source",
		),
		"detail-type": z.enum(
			[LAUNCH, TERMINATE],
			`must be "${LAUNCH}" or "${TERMINATE}": narrow the event pattern of the rule to these two`,
		),
		time: z.iso.datetime({ offset: true, error: `the time of the event is missing: ${AS_IT_IS}` }),
		region: awsRegion,
		detail: z.looseObject(
			{
				LifecycleActionToken: z
					.string(AS_IT_IS)
					.regex(/^[0-9A-Za-z-]{1,64}$/, "is not the token of a lifecycle action"),
				AutoScalingGroupName: name,
				LifecycleHookName: name,
				EC2InstanceId: z.string(AS_IT_IS).regex(/^i-[0-9a-f]{8,17}$/, "is not the id of an instance"),
				LifecycleTransition: z.string(AS_IT_IS),
			},
			AS_IT_IS,
		),
	})
	.refine((event) => event.detail.LifecycleTransition === TRANSITIONS[event["detail-type"]], {
		path: ["detail", "LifecycleTransition"],
		message: "does not belong to this detail-type",
	});
export type AutoscalingEvent = z.infer<typeof autoscalingEvent>;

/** The lifecycle action that AWS waits for: completing it lets the instance go on its way. */
export interface LifecycleAction {
	readonly token: string;
	readonly group: string;
	readonly hook: string;
	readonly instance: string;
}

export interface InstanceNews {
	readonly kind: "launch" | "terminate";
	readonly region: string;
	/** unix seconds */
	readonly at: number;
	readonly action: LifecycleAction;
}

/** @returns what an event says, in this service's words */
export function readAutoscalingEvent(event: AutoscalingEvent): InstanceNews {
	const { LifecycleActionToken: token, AutoScalingGroupName: group, LifecycleHookName: hook } = event.detail;
	return {
		kind: event["detail-type"] === LAUNCH ? "launch" : "terminate",
		region: event.region,
		at: Math.floor(Date.parse(event.time) / 1000),
		action: { token, group, hook, instance: event.detail.EC2InstanceId },
	};
}
