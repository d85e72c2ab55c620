// Events of EC2 Auto Scaling lifecycle hooks as EventBridge delivers them, after the examples of the AWS documentation.

export interface AutoscalingNews {
	readonly [name: string]: unknown;
	readonly time: string;
	readonly detail: Readonly<Record<string, string>> & {
		readonly LifecycleActionToken: string;
		readonly EC2InstanceId: string;
	};
}

/** @param more members of `detail` that are other than usual, and `time` */
export function autoscalingNews(
	kind: "launch" | "terminate",
	{ time = "2026-11-20T10:00:00Z", region = "eu-central-1", ...detail }: Record<string, string> = {},
): AutoscalingNews {
	return {
		version: "0",
		id: "12345678-1234-1234-1234-123456789012",
		"detail-type": `EC2 Instance-${kind} Lifecycle Action`,
		source: "aws.autoscaling",
		account: "123456789012",
		time,
		region,
		resources: ["arn:aws:autoscaling:eu-central-1:123456789012:autoScalingGroup:uuid:autoScalingGroupName/edge"],
		detail: {
			LifecycleActionToken: "87654321-4321-4321-4321-210987654321",
			AutoScalingGroupName: "edge firewalls",
			LifecycleHookName: `parapet/${kind}`,
			EC2InstanceId: "i-1234567890abcdef0",
			LifecycleTransition: `autoscaling:EC2_INSTANCE_${kind === "launch" ? "LAUNCHING" : "TERMINATING"}`,
			NotificationMetadata: "additional-info",
			Origin: kind === "launch" ? "EC2" : "AutoScalingGroup",
			Destination: kind === "launch" ? "AutoScalingGroup" : "EC2",
			...detail,
		},
	};
}
