#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/loop/wires.h"
#include "tests/loop/fixture.h"

namespace convoke {
namespace {

using Answer = std::optional<Result<std::vector<Address>>>;

TEST(NameLookup, FindsTheAddressesOfAHostWithThePort) {
  Loop loop;
  LoopWires wires(loop);
  Answer answer;
  const auto lookup = wires.look_up("localhost", 6379, [&](auto found) { answer = found; });
  EXPECT_FALSE(answer.has_value());  // never from inside the call
  turn_until(loop, [&] { return answer.has_value(); });
  ASSERT_TRUE(answer->ok()) << answer->error().message;
  for (const Address& address : **answer) {
    EXPECT_TRUE(address.is_loopback()) << address.text();
    EXPECT_EQ(address.port, 6379);
  }
}

TEST(NameLookup, SaysWhichNameIsNotKnown) {
  Loop loop;
  LoopWires wires(loop);
  // The first is no name for the resolver, the second not even for libuv.
  for (const std::string& name : {std::string("a..b"), std::string(300, 'x')}) {
    Answer answer;
    std::unique_ptr<Lookup> lookup;
    lookup = wires.look_up(name, 1, [&](auto found) {
      lookup.reset();
      answer = found;
    });
    EXPECT_FALSE(answer.has_value());
    turn_until(loop, [&] { return answer.has_value(); });
    ASSERT_FALSE(answer->ok());
    EXPECT_NE(answer->error().message.find("the name " + name + " cannot be resolved"),
              std::string::npos)
        << answer->error().message;
  }
}

TEST(NameLookup, IsSilentOnceItWasLetGoOf) {
  bool heard = false;
  {
    Loop loop;
    LoopWires wires(loop);
    for (int i = 0; i < 10; ++i) {
      const auto lookup = wires.look_up("localhost", 1, [&](const auto&) { heard = true; });
    }
    settle(loop);
  }
  EXPECT_FALSE(heard);
}

}  // namespace
}  // namespace convoke
