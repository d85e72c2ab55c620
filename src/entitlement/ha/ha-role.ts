// Who of an HA group is active, by what its devices say of themselves. A device that died says nothing any more, so its last
// word counts only until another one becomes active; that it says "active" once more after that is a split brain. Pure, and
// without times: what counts is the order in which the group hears.
import type { HaMode, HaRole } from "./ha-group.ts";

export interface RoleOfMember {
	readonly device: string;
	/** its last word; null = it has said nothing yet */
	readonly said: HaRole | null;
	/** what counts: its last word, or null when another device has become active since it said that it was */
	readonly role: HaRole | null;
}

/**
 * @param members of the group, the one that speaks among them
 * @param said what it says now; saying it again matters only where it no longer counted
 * @returns all members, in their order
 */
export function hearRole(
	mode: HaMode,
	members: readonly RoleOfMember[],
	device: string,
	said: HaRole,
): readonly RoleOfMember[] {
	const takesOver =
		mode === "active-passive" &&
		said === "active" &&
		members.some((member) => member.device === device && member.said !== "active");
	return members.map((member) => {
		if (member.device === device) return { device, said, role: said };
		return takesOver && member.role === "active" ? { ...member, role: null } : member;
	});
}

export interface RoleVerdict {
	/** the one active device of an active-passive group; null where there is none, or several */
	readonly active: string | null;
	/** null = the same device as before, or the first that was ever active */
	readonly failover: { readonly from: string; readonly to: string } | null;
	/** the devices that all say that they are active, though one should be; none when all is well */
	readonly splitBrain: readonly string[];
}

/**
 * @param members those that count: a device that was revoked or has left has no role
 * @param lastActive the device that was active last, whether or not it is still a member; null = none was
 */
export function judgeRoles(
	mode: HaMode,
	members: readonly Pick<RoleOfMember, "device" | "role">[],
	lastActive: string | null,
): RoleVerdict {
	// Where all are to be active, that one is not is nobody's takeover.
	if (mode === "active-active") return { active: null, failover: null, splitBrain: [] };
	const [active = null, ...more] = members.filter(({ role }) => role === "active").map(({ device }) => device);
	if (active === null) return { active, failover: null, splitBrain: [] };
	if (more.length > 0) return { active: null, failover: null, splitBrain: [active, ...more] };
	const isOther = lastActive !== null && lastActive !== active;
	return { active, failover: isOther ? { from: lastActive, to: active } : null, splitBrain: [] };
}
