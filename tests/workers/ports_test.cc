#include "workers/ports.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace convoke::test {
namespace {

TEST(Ports, LieOutsideTheEphemeralRangeOnItsLargerSide) {
  EXPECT_EQ(ports_outside({32'768, 60'999}), (PortRange{10'000, 32'767}));
  EXPECT_EQ(ports_outside({10'240, 20'000}), (PortRange{20'001, 65'535}));
  EXPECT_EQ(ports_outside({1024, 9000}), (PortRange{10'001, 65'535}));
}

TEST(Ports, NoRoomIsAnAnswer) { EXPECT_EQ(ports_outside({1024, 65'535}), std::nullopt); }

TEST(Ports, EachIsHeldByOneAndFullIsAnAnswer) {
  Rng rng = Rng::seeded(1);
  PortPool pool({20'000, 20'003}, rng);
  std::vector<PortLease> leases;
  std::set<std::uint16_t> ports;
  while (std::optional<PortLease> lease = pool.take()) {
    ports.insert(lease->port());
    leases.push_back(std::move(*lease));
  }
  EXPECT_EQ(ports, (std::set<std::uint16_t>{20'000, 20'001, 20'002, 20'003}));
  EXPECT_EQ(pool.held(), 4U);
  leases.pop_back();
  EXPECT_EQ(pool.held(), 3U);
  EXPECT_TRUE(pool.take().has_value());
}

TEST(Ports, OneGivenBackIsTheLastToBeUsedAgain) {
  Rng rng = Rng::seeded(1);
  PortPool pool({20'000, 20'009}, rng);
  const std::uint16_t first = pool.take()->port();
  for (int i = 0; i < 9; ++i) EXPECT_NE(pool.take()->port(), first);
  EXPECT_EQ(pool.take()->port(), first);
}

TEST(Ports, AreHeldOnceAcrossThreads) {
  Rng rng = Rng::seeded(1);
  PortPool pool({20'000, 20'499}, rng);
  std::vector<std::vector<PortLease>> taken(4);
  std::vector<std::thread> threads;
  for (std::vector<PortLease>& mine : taken) {
    threads.emplace_back([&pool, &mine] {
      for (int i = 0; i < 125; ++i) mine.push_back(*pool.take());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<std::uint16_t> ports;
  for (const auto& mine : taken) {
    for (const PortLease& lease : mine) ports.insert(lease.port());
  }
  EXPECT_EQ(ports.size(), 500U);
  taken.clear();
  EXPECT_EQ(pool.held(), 0U);
}

}  // namespace
}  // namespace convoke::test
