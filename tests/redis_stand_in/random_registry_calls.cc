// How the scripts of the registry, of the parts of limits and of what roots are charged are called
// at random.
#include "core/guard/shared/ledger_exchange.h"
#include "core/guard/shared/shared_limits.h"
#include "core/registry/shared/scripts.h"
#include "tests/redis_stand_in/random_commands.h"

namespace convoke::stand_in {

Words RandomCommands::registry_call() {
  switch (rng_.below(14)) {
    case 0:
      return {"HSET", "t:code", below(3), "piece"};
    case 1:
      return rng_.one_in(3) ? Words{"SET", "t:version", std::to_string(version_)}
                            : Words{"GET", "t:version"};
    case 2:
    case 3:
    case 4:
      return beat();
    case 5:
    case 6:
    case 7:
      return share();
    case 8:
    case 9:
      return charge();
    default:
      return commit();
  }
}

Words RandomCommands::beat() {
  return {"EVALSHA",
          shared_registry::beat_script().sha1(),
          "4",
          "t:version",
          "t:beats",
          "t:applied",
          "t:absent",
          "e" + below(3),
          rng_.one_in(3) ? "" : below(9),
          one_of({"0", "1000000000", "1000000000", "1000000000"}),
          "t:confirmed"};
}

Words RandomCommands::commit() {
  const bool right = !rng_.one_in(4);
  const std::uint64_t known = right ? version_ : rng_.below(version_ + 2);
  Words words = {"EVALSHA",
                 shared_registry::commit_script().sha1(),
                 "8",
                 "t:version",
                 "t:changes",
                 kRows[0],
                 kRows[1],
                 kRows[2],
                 kRows[2],
                 "t:code",
                 "t:absent",
                 std::to_string(known),
                 "t:committed",
                 "4096",
                 "e" + below(3),
                 "kind",
                 "row " + below(50)};
  for (std::uint64_t steps = rng_.below(4); steps > 0; --steps) {
    const bool put = rng_.one_in(2);
    for (const std::string& word :
         {std::string(put ? "put" : "del"), std::to_string(3 + rng_.below(4)), "f" + below(4)}) {
      words.push_back(word);
    }
  }
  const bool code = rng_.one_in(3);
  if (code) {
    words.emplace_back(rng_.one_in(2) ? "keep" : "drop");
    words.emplace_back("7");
  }
  if (known == version_) ++version_;
  return words;
}

Words RandomCommands::share() {
  return {"EVALSHA",
          share_script().sha1(),
          "1",
          "t:parts",
          "e" + below(4),
          below(9),
          below(7),
          below(4),
          rng_.one_in(20) ? "0" : "1000000000",
          "t:hungry",
          "1"};
}

// Now and then it is forgotten, so that there is room for calls again.
Words RandomCommands::charge() {
  if (rng_.one_in(10)) return {"DEL", "t:sums", "t:calls"};
  Words words = {"EVALSHA",
                 charge_script().sha1(),
                 "2",
                 "t:sums",
                 "t:calls",
                 below(3),
                 rarely() ? "x" : below(3),
                 below(900),
                 rng_.one_in(20) ? "0" : "1000000000",
                 "4"};
  for (std::uint64_t calls = rng_.below(3); calls > 0; --calls) {
    words.push_back("c" + below(7));
    words.push_back(below(5) + " what is known");
  }
  return words;
}

}  // namespace convoke::stand_in
