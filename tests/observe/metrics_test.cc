#include "core/observe/metrics.h"

#include <gtest/gtest.h>

#include "core/observe/exposition.h"

namespace convoke {
namespace {

QueueCounts counts(std::uint64_t accepted, std::uint64_t ready, std::uint64_t delayed,
                   std::uint64_t claimed, std::uint64_t settled) {
  QueueCounts counts;
  counts.accepted = accepted;
  counts.ready = ready;
  counts.delayed = delayed;
  counts.claimed = claimed;
  counts.settled = settled;
  return counts;
}

ShardSample shard_of(std::vector<QueueCounts> functions, QueueCounts all) {
  ShardSample shard;
  shard.functions = std::move(functions);
  shard.all = all;
  return shard;
}

bool has_line(const std::string& text, const std::string& line) {
  return text.find('\n' + line + '\n') != std::string::npos;
}

TEST(Exposition, IsPrometheusTextFormat) {
  Exposition text;
  text.metric("convoke_a_total", "counter", "What it counts.");
  text.sample({{"service", "s"}, {"function", "f"}}, std::int64_t{3});
  text.sample({}, 1.5);
  EXPECT_EQ(text.take(),
            "# HELP convoke_a_total What it counts.\n"
            "# TYPE convoke_a_total counter\n"
            "convoke_a_total{service=\"s\",function=\"f\"} 3\n"
            "convoke_a_total 1.5\n");
}

TEST(Exposition, LabelValuesCannotBreakOut) {
  Exposition text;
  text.metric("m", "gauge", "h");
  text.sample({{"l", "a\"b\\c\nd"}}, std::int64_t{0});
  EXPECT_TRUE(has_line(text.take(), R"(m{l="a\"b\\c\nd"} 0)"));
}

TEST(Metrics, FunctionsAreSummedOverShardsAndTheRestUnderOneLabel) {
  const std::string text = metrics_text({{"shop", "pay"}},
                                        {shard_of({counts(5, 1, 1, 1, 2)}, counts(6, 1, 1, 1, 3)),
                                         shard_of({counts(2, 2, 0, 0, 0)}, counts(9, 4, 3, 2, 0))},
                                        {});
  const auto line = [&](const std::string& metric, const std::string& labels, int value) {
    return has_line(text, "convoke_queue_" + metric + labels + ' ' + std::to_string(value));
  };
  const std::string pay = "{service=\"shop\",function=\"pay\"}";
  const std::string rest = "{service=\"\",function=\"\"}";
  EXPECT_TRUE(line("accepted_total", pay, 7)) << text;
  EXPECT_TRUE(line("ready", pay, 3));
  EXPECT_TRUE(line("settled_total", pay, 2));
  EXPECT_TRUE(line("accepted_total", rest, 8));
  EXPECT_TRUE(line("delayed", rest, 3));
  EXPECT_TRUE(line("drift", pay, 0));
  EXPECT_TRUE(line("drift", rest, 0));
}

TEST(Metrics, DriftTellsALostCallFromOneTooMany) {
  EXPECT_EQ(drift_of(counts(5, 1, 1, 1, 2)), 0);
  EXPECT_EQ(drift_of(counts(5, 1, 1, 1, 1)), 1);
  EXPECT_EQ(drift_of(counts(5, 1, 1, 1, 3)), -1);
}

TEST(Metrics, EachShardHasItsOwnLines) {
  ShardSample busy;
  busy.started = 7;
  busy.store_healthy = false;
  const std::string text = metrics_text({}, {ShardSample{}, busy}, {"1.2.3", Millis{2500}});
  EXPECT_TRUE(has_line(text, "convoke_info{version=\"1.2.3\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "convoke_uptime_seconds 2.5"));
  EXPECT_TRUE(has_line(text, "convoke_dispatch_started_total{shard=\"0\"} 0"));
  EXPECT_TRUE(has_line(text, "convoke_dispatch_started_total{shard=\"1\"} 7"));
  EXPECT_TRUE(has_line(text, "convoke_store_healthy{shard=\"1\"} 0"));
}

}  // namespace
}  // namespace convoke
