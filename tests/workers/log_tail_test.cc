#include "workers/log_tail.h"

#include <gtest/gtest.h>

namespace convoke::test {
namespace {

TEST(LogTail, IsTheLinesWithCrlfABlankLineAndTheSummary) {
  EXPECT_EQ(format_log_tail("one\ntwo\n", std::chrono::microseconds{17'450}, 128, 30.99),
            "one\r\ntwo\r\n\n\nDuration: 17.45 ms, Billed Duration: 18 ms, Memory Size: 128 MB, "
            "Max Memory Used: 30.99 MB");
}

TEST(LogTail, OfASilentCallIsTheSummaryAlone) {
  EXPECT_EQ(format_log_tail("", Millis{20}, 512, 9.2),
            "\n\nDuration: 20.00 ms, Billed Duration: 20 ms, Memory Size: 512 MB, "
            "Max Memory Used: 9.20 MB");
}

}  // namespace
}  // namespace convoke::test
