// What is broken on purpose: each must make an invariant fail.
#pragma once

namespace convoke::lease {

struct Rules {
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
