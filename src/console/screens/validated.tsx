// What a product's validator says of a release, with its findings.
import { describeValidation, type Rollout } from "./rollout-words.ts";

export function Validated({ validation }: { validation: NonNullable<Rollout["validation"]> }) {
	return (
		<>
			<h2>Validator</h2>
			<p>{describeValidation(validation)}</p>
			{validation.findings.length > 0 && (
				<ul>
					{validation.findings.map((finding) => (
						<li>{finding}</li>
					))}
				</ul>
			)}
		</>
	);
}
