// What the hook does in an account's AWS: hand an instance its auth code (SSM Parameter Store), take it away, and let the
// instance go on its way (EC2 Auto Scaling). Each of them may be done again without harm.
import type { LifecycleAction } from "./autoscaling-event.ts";
import { type AwsAnswer, type AwsCallOptions, callAws } from "./aws-call.ts";
import type { AwsCredentials } from "./credentials.ts";
import type { AwsService } from "./region.ts";

export type CloudAction = "ssm:PutParameter" | "ssm:DeleteParameter" | "autoscaling:CompleteLifecycleAction";

export type CloudOutcome =
	| { readonly ok: true }
	| {
			readonly ok: false;
			readonly reason: "unavailable" | "refused";
			readonly action: CloudAction;
			/** AWS' code, as AccessDenied, or ours, as timeout */
			readonly error: string;
	  };

/** The AWS of one account in one region. */
export interface InstanceCloud {
	/** @param code as it is to be read by the instance; one that is there is replaced */
	putCode(instance: string, code: string): Promise<CloudOutcome>;
	/** One that is not there counts as taken away. */
	deleteCode(instance: string): Promise<CloudOutcome>;
	/** One that is not under way any more counts as completed. */
	complete(action: LifecycleAction): Promise<CloudOutcome>;
}

/** @returns null where there are no credentials for the account */
export type OpenInstanceCloud = (account: string, region: string, now: number) => InstanceCloud | null;

export interface InstanceCloudOptions extends AwsCallOptions {
	/** by account id */
	readonly credentials: ReadonlyMap<string, AwsCredentials>;
}

/** The parameter that an instance reads; IAM policies are written for this form (infra/aws-autoscaling). */
function codeParameter(account: string, instance: string): string {
	return `/parapet/${account}/${instance}/auth-code`;
}

export function createInstanceClouds(options: InstanceCloudOptions): OpenInstanceCloud {
	return (account, region, now) => {
		const credentials = options.credentials.get(account);
		if (credentials === undefined) return null;
		const call = (service: AwsService, headers: Record<string, string>, body: string) =>
			callAws(options, { service, region, headers, body, credentials, now });
		const callSsm = (target: string, body: Record<string, unknown>) => {
			const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `AmazonSSM.${target}` };
			return call("ssm", headers, JSON.stringify(body));
		};
		return {
			async putCode(instance, code) {
				const key = credentials.kmsKeyId === undefined ? {} : { KeyId: credentials.kmsKeyId };
				const parameter = { Name: codeParameter(account, instance), Value: code, Type: "SecureString" };
				const answer = await callSsm("PutParameter", { ...parameter, ...key, Overwrite: true });
				return outcomeOf("ssm:PutParameter", answer, () => false);
			},
			async deleteCode(instance) {
				const answer = await callSsm("DeleteParameter", { Name: codeParameter(account, instance) });
				return outcomeOf("ssm:DeleteParameter", answer, ({ error }) => error === "ParameterNotFound");
			},
			async complete({ token, group, hook, instance }) {
				const form = new URLSearchParams({
					...{ Action: "CompleteLifecycleAction", Version: "2011-01-01", LifecycleActionResult: "CONTINUE" },
					...{ AutoScalingGroupName: group, LifecycleHookName: hook },
					...{ LifecycleActionToken: token, InstanceId: instance },
				});
				const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
				const answer = await call("autoscaling", headers, form.toString());
				// AWS gives this code for many faults of a request; only the message tells this case from the others.
				const isOver = ({ error, message }: Refusal) =>
					error === "ValidationError" && message.startsWith("No active Lifecycle Action found");
				return outcomeOf("autoscaling:CompleteLifecycleAction", answer, isOver);
			},
		};
	};
}

type Refusal = Exclude<AwsAnswer, { ok: true }>;

function outcomeOf(action: CloudAction, answer: AwsAnswer, isDone: (refusal: Refusal) => boolean): CloudOutcome {
	if (answer.ok || isDone(answer)) return { ok: true };
	return { ok: false, reason: answer.reason, action, error: answer.error };
}
