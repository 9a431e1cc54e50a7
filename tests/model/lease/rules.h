// How the protocol is gone by, and what of it is broken on purpose.
#pragma once

namespace convoke::lease {

struct Rules {
  // A claim that may goes without the script that hands calls out (plain_claims.cc).
  bool claims_plainly = false;
  // Each of these, if it is not so, must make an invariant fail.
  bool plain_claim_looks_at_the_lease = true;
  bool finish_looks_at_the_lease = true;
  bool retire_takes_the_lease = true;
  bool takeover_counts_as_delivery = true;
  bool lease_counts_from_sending = true;  // of the heartbeat; false: from its answer's arrival
  bool start_looks_at_the_lease = true;
  bool buries_after_two = true;  // heartbeats that found it silent; false: after one
  bool looks_for_what_came_late = true;
  bool knows_what_is_claimed_again = true;
  bool burial_begins_with_condemning = true;
};

}  // namespace convoke::lease
