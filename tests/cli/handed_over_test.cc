#include "tools/handed_over.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

namespace convoke::cli {
namespace {

// The three variables, as an init system sets them; gone with it.
class Started {
 public:
  Started(const char* process, const char* sockets) {
    ::setenv("LISTEN_PID", process, 1);
    ::setenv("LISTEN_FDS", sockets, 1);
    ::setenv("LISTEN_FDNAMES", "convoke.socket", 1);
  }
  ~Started() {
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(name);
  }
  Started(const Started&) = delete;
  Started& operator=(const Started&) = delete;
};

bool has(const std::vector<std::string>& environment, const std::string& entry) {
  return std::find(environment.begin(), environment.end(), entry) != environment.end();
}

TEST(HandedOver, ThoseOfAnotherProcessAreNotTaken) {
  for (const char* process : {"41", "", "42x", "-1"}) {
    const Started started(process, "1");
    auto sockets = take_handed_over(42);
    ASSERT_TRUE(sockets);
    EXPECT_TRUE(sockets->empty()) << process;
  }
}

TEST(HandedOver, ThoseForUsBeginAtThreeAndNoChildBelievesThemItsOwn) {
  const Started started("42", "2");
  auto sockets = take_handed_over(42);
  ASSERT_TRUE(sockets);
  ASSERT_EQ(sockets->size(), 2U);
  for (int i = 0; i < 2; ++i) EXPECT_EQ((*sockets)[static_cast<std::size_t>(i)].release(), 3 + i);
  EXPECT_EQ(::getenv("LISTEN_PID"), nullptr);
  EXPECT_EQ(::getenv("LISTEN_FDS"), nullptr);
  EXPECT_EQ(::getenv("LISTEN_FDNAMES"), nullptr);
}

TEST(HandedOver, ANumberThatIsNoneIsAFailure) {
  for (const char* count : {"", "two", "-1", "257", "99999999999"}) {
    const Started started("42", count);
    EXPECT_FALSE(take_handed_over(42)) << count;
  }
}

TEST(HandedOver, ASuccessorIsToldOfItsOwnAlone) {
  const Started started("41", "7");
  ::setenv("LISTEN_PIDS", "kept", 1);
  const auto environment = environment_handing_over(2, 42);
  ::unsetenv("LISTEN_PIDS");
  EXPECT_TRUE(has(environment, "LISTEN_FDS=2"));
  EXPECT_TRUE(has(environment, "LISTEN_PID=42"));
  EXPECT_TRUE(has(environment, "LISTEN_PIDS=kept"));
  EXPECT_FALSE(has(environment, "LISTEN_FDS=7"));
  EXPECT_FALSE(has(environment, "LISTEN_PID=41"));
  EXPECT_FALSE(has(environment, "LISTEN_FDNAMES=convoke.socket"));
}

}  // namespace
}  // namespace convoke::cli
