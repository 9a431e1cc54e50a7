#include "queue/redis/command.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>

namespace convoke::redis {
namespace {

std::string encoded(const Command& command) {
  std::string bytes;
  command.append_to(bytes);
  EXPECT_EQ(bytes.size(), command.size());
  return bytes;
}

TEST(RedisCommand, IsAnArrayOfBulkStrings) {
  EXPECT_EQ(encoded(Command("PING")), "*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(encoded(Command("SET").arg("k").arg("")), "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
  using namespace std::string_view_literals;
  EXPECT_EQ(encoded(Command("ECHO").arg("a\r\n\0$"sv)), "*2\r\n$4\r\nECHO\r\n$5\r\na\r\n\0$\r\n"sv);
}

TEST(RedisCommand, NumbersAreDecimal) {
  EXPECT_EQ(encoded(Command("X").arg(0).arg(-7)), "*3\r\n$1\r\nX\r\n$1\r\n0\r\n$2\r\n-7\r\n");
  EXPECT_EQ(encoded(Command("X").arg(std::numeric_limits<std::int64_t>::min())),
            "*2\r\n$1\r\nX\r\n$20\r\n-9223372036854775808\r\n");
  EXPECT_EQ(encoded(Command("X").arg(std::numeric_limits<std::uint64_t>::max())),
            "*2\r\n$1\r\nX\r\n$20\r\n18446744073709551615\r\n");
}

TEST(RedisCommand, AppendsToWhatIsThere) {
  std::string bytes;
  Command command("A");
  command.append_to(bytes);
  command.restart("B").arg(1);
  command.append_to(bytes);
  EXPECT_EQ(bytes, "*1\r\n$1\r\nA\r\n*2\r\n$1\r\nB\r\n$1\r\n1\r\n");
  EXPECT_EQ(command.args(), 2U);
}

TEST(RedisCommand, TakesArgumentsOfAnother) {
  const Command other = Command("A").arg("b\r\n$1\r\nx").arg("").arg("d");
  EXPECT_EQ(encoded(Command("Z").args_of(other, 0)),
            encoded(Command("Z").arg("A").arg("b\r\n$1\r\nx").arg("").arg("d")));
  EXPECT_EQ(encoded(Command("Z").args_of(other, 2)), encoded(Command("Z").arg("").arg("d")));
  EXPECT_EQ(encoded(Command("Z").args_of(other, 4)), encoded(Command("Z")));
}

}  // namespace
}  // namespace convoke::redis
