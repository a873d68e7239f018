// Package status makes statuses of Gateway API objects: from what a controller has decided about an object to what it
// writes to the API server. It needs no client and no clock, and it can be used without the rest of this module, for the
// kinds of the Gateway API as well as for a host's own policies.
//
//	what was decided           what the status shall be     what is written
//
//	RouteFacts, GatewayFacts,  ── Desired() ─▶ Desired[S] ─┬─ Merge ─▶ a whole status, for Update, or nothing
//	… with their Problems                                  ├─ Patch ─▶ a JSON merge patch, or nothing
//	                         the object as read, the time ─┘
//
// The three steps share no state, and each can be used alone: a host that computes its conditions itself fills in a
// [Desired] and merges it.
//
// # Writing
//
// For every desired status of a translation a host reads the object, best from its informer cache, and calls [Patch], or
// [Merge] where it prefers Update. Most of the time there is nothing to write, and finding that out costs no allocation.
// What there is to write it sends to the status subresource; after a conflict it reads the object and calls again. See
// the example of this package.
//
// The status of a route kind embeds RouteStatus: hand in &route.Status.RouteStatus. The status of a policy kind is a
// PolicyStatus, whoever defined the kind: see the example of [Patch]. For any other status that has conditions there is
// [MergeConditions].
//
// An object that nothing of ours refers to any more still needs its desired status, without entries, until the entries
// that are left behind are gone.
//
// # Glossary
//
//   - fact: what was decided about an object, before any wording: its problems, its counts, its addresses.
//   - problem: one mistake of a user, in one place. Its code alone determines the conditions.
//   - condition: one of the statements of a status. Its type is its key; its status is True, False or Unknown.
//   - ours: the condition types that the controller of a kind owns, and the entries that have its name.
//   - entry: what one controller says about one parent of a route, or one ancestor of a policy.
//   - stale: an entry or a condition of ours that is no longer desired, or a status computed from an older object than
//     the one that is there.
package status
