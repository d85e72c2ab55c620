// Where a region's services answer. The name of a region comes from outside, so it must have the form of one, and nothing
// else of a request ever becomes part of an address.
import { z } from "zod";

/** us-east-1, us-gov-west-1, cn-north-1. Not the isolated regions, which the Internet does not reach. */
export const awsRegion = z.string().regex(/^[a-z]{2}(-gov)?-[a-z]{4,9}-[1-9]$/, "an AWS region is like eu-central-1");

export type AwsService = "autoscaling" | "ssm";

/** @param region as `awsRegion` takes it @returns URL of the service there */
export function awsUrl(service: AwsService, region: string): string {
	return `https://${service}.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}/`;
}
