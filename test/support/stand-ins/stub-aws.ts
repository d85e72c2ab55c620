// A piece of AWS: Parameter Store and the lifecycle actions of Auto Scaling groups, with the answers and the error codes of
// the real ones. It checks every signature, and a test can make it fail in the ways in which AWS fails.
import { type SignedRequest, verifySignature } from "../sigv4.ts";

export interface StubAnswer {
	readonly status: number;
	readonly headers: Readonly<Record<string, string>>;
	readonly body: string;
}

/**
 * down: no connection; slow: no answer; lost: it acts, and its answer never comes; the others are answers.
 */
export type Fault = "down" | "slow" | "lost" | "broken" | "throttled" | "denied" | "redirect" | "babble";
export type StubAction = "PutParameter" | "DeleteParameter" | "CompleteLifecycleAction";

export interface StubCall {
	readonly action: StubAction;
	readonly region: string;
	readonly accessKeyId: string;
	readonly host: string;
}

export interface StubParameter {
	readonly Name: string;
	readonly Value: string;
	readonly Type: string;
	readonly KeyId?: string;
}

/** Words of AWS that must never come out of the service. */
export const AWS_WORDS = "arn:aws:iam::123456789012:user/words-of-aws";
const TRANSIENT_FAULTS = new Set<Fault>(["down", "slow", "lost"]);

export class StubAws {
	/** secret by access key id */
	readonly keys = new Map<string, string>();
	readonly parameters = new Map<string, StubParameter>();
	/** tokens of lifecycle actions that AWS waits for */
	readonly waiting = new Set<string>();
	readonly completed: string[] = [];
	/** whatever was asked with a good signature, in order */
	readonly calls: StubCall[] = [];
	/** why requests were not let in */
	readonly turnedAway: string[] = [];
	/** what the next calls of an action meet, the first first */
	readonly faults: Partial<Record<StubAction, Fault[]>> = {};

	/** @returns null where no answer ever comes; "down" where there is not even a connection */
	answer(request: SignedRequest): StubAnswer | "down" | null {
		const verdict = verifySignature(request, (id) => this.keys.get(id));
		if (!verdict.ok) {
			this.turnedAway.push(verdict.why);
			return json(403, { __type: "IncompleteSignatureException", message: AWS_WORDS });
		}
		const { accessKeyId, region, service } = verdict.scope;
		const action = actionOf(request);
		const expected = action === "CompleteLifecycleAction" ? "autoscaling" : "ssm";
		if (action === null || service !== expected) return json(400, { __type: "UnknownOperationException" });
		this.calls.push({ action, region, accessKeyId, host: new URL(request.url).host });
		const fault = this.faults[action]?.shift();
		if (fault === "down") return "down";
		if (fault === "slow") return null;
		if (fault !== undefined && !TRANSIENT_FAULTS.has(fault)) return failing(fault, action);
		const answer = this.#act(action, request.body);
		return fault === "lost" ? null : answer;
	}

	#act(action: StubAction, body: string): StubAnswer {
		if (action === "CompleteLifecycleAction") return this.#complete(new URLSearchParams(body));
		const parameter = JSON.parse(body) as StubParameter & { Overwrite?: boolean };
		const { Name: name, Overwrite: overwrite, ...rest } = parameter;
		if (action === "DeleteParameter") {
			return this.parameters.delete(name) ? json(200, {}) : json(400, { __type: "ParameterNotFound" });
		}
		if (this.parameters.has(name) && overwrite !== true) return json(400, { __type: "ParameterAlreadyExists" });
		this.parameters.set(name, { Name: name, ...rest });
		return json(200, { Tier: "Standard", Version: 1 });
	}

	#complete(form: URLSearchParams): StubAnswer {
		const token = form.get("LifecycleActionToken") ?? "";
		if (form.get("Version") !== "2011-01-01" || form.get("LifecycleActionResult") !== "CONTINUE") {
			return xml(400, "ValidationError", "an odd request");
		}
		if (form.get("LifecycleHookName") === "no-such-hook") {
			return xml(400, "ValidationError", `No Lifecycle Hook found: ${AWS_WORDS}`);
		}
		if (!this.waiting.delete(token)) {
			return xml(400, "ValidationError", `No active Lifecycle Action found with token ${token}`);
		}
		this.completed.push(token);
		return {
			status: 200,
			headers: { "content-type": "text/xml" },
			body: "<CompleteLifecycleActionResponse><CompleteLifecycleActionResult/></CompleteLifecycleActionResponse>",
		};
	}
}

function actionOf({ headers, body }: SignedRequest): StubAction | null {
	const target = headers["x-amz-target"];
	if (target === "AmazonSSM.PutParameter") return "PutParameter";
	if (target === "AmazonSSM.DeleteParameter") return "DeleteParameter";
	const action = new URLSearchParams(body).get("Action");
	return target === undefined && action === "CompleteLifecycleAction" ? action : null;
}

function failing(fault: Fault, action: StubAction): StubAnswer {
	const isXml = action === "CompleteLifecycleAction";
	const say = (status: number, code: string) =>
		isXml ? xml(status, code, AWS_WORDS) : json(status, { __type: `com.amazonaws.ssm#${code}`, message: AWS_WORDS });
	switch (fault) {
		case "broken":
			return say(500, isXml ? "InternalFailure" : "InternalServerError");
		case "throttled":
			return say(400, isXml ? "Throttling" : "ThrottlingException");
		case "denied":
			return isXml ? say(403, "AccessDenied") : say(400, "AccessDeniedException");
		case "redirect":
			return { status: 307, headers: { location: "https://elsewhere.example/" }, body: "" };
		default:
			return { status: 400, headers: {}, body: `<Code>${AWS_WORDS}</Code>${"x".repeat(100_000)}` };
	}
}

function json(status: number, body: Record<string, unknown>): StubAnswer {
	return { status, headers: { "content-type": "application/x-amz-json-1.1" }, body: JSON.stringify(body) };
}

function xml(status: number, code: string, message: string): StubAnswer {
	const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
	return { status, headers: { "content-type": "text/xml" }, body };
}
