#include "queue/redis/server_facts.h"

#include <gtest/gtest.h>

#include "tests/redis_server.h"

namespace convoke::redis {
namespace {

const ServerSettings kGoodSettings{"yes", "always", "no", "noeviction", "1000000", ""};

ServerFacts facts(const std::string& more) {
  return parse_facts("# Server\r\nredis_version:7.0.15\r\nrole:master\r\nconnected_slaves:0\r\n" +
                     more);
}

std::string refused(const ServerFacts& seen) {
  const auto why = refusal(seen);
  return why ? why->message : "";
}

// The only concern, with an F before it if it is grave.
std::string only(const ServerFacts& seen, const ServerSettings& settings, Durability asked = {}) {
  const std::vector<Concern> all = concerns(seen, settings, asked);
  if (all.size() != 1) return std::to_string(all.size()) + " concerns";
  return (all[0].grave ? "F " : "") + all[0].text;
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

TEST(ServerFacts, OfARealServer) {
  RedisServer server;
  const ServerFacts seen = parse_facts(server.ask({"INFO"}));
  EXPECT_FALSE(seen.version.empty());
  EXPECT_EQ(seen.replicas, 0U);
  EXPECT_GT(seen.memory, 1U << 20);
  EXPECT_EQ(refused(seen), "");
  EXPECT_TRUE(concerns(seen, kGoodSettings, {}).empty());
}

TEST(ServerFacts, OfARealClusterNodeAndARealReplica) {
  RedisServer node({"--cluster-enabled", "yes"});
  EXPECT_TRUE(parse_facts(node.ask({"INFO"})).cluster);
  EXPECT_EQ(refused(parse_facts(node.ask({"INFO"}))), "");
  EXPECT_TRUE(has(cluster_refusal({Durability::kReplicas, 1})->message, "Redis Cluster"));
  EXPECT_FALSE(cluster_refusal(Durability::kFsync));
  RedisServer replica({"--replicaof", "127.0.0.1", free_loopback_port()});
  EXPECT_TRUE(has(refused(parse_facts(replica.ask({"INFO"}))), "it is a replica"));
}

TEST(ServerFacts, AVersionThatIsTooOldIsRefusedAndAnUnknownOneIsNot) {
  for (const char* old : {"6.0.16", "5.0.7", "2.8.4"}) {
    EXPECT_TRUE(has(refused(parse_facts("redis_version:" + std::string(old))), "6.2 is needed"))
        << old;
  }
  for (const char* good : {"6.2.0", "7.0.15", "10.0.1", "", "unknown"}) {
    EXPECT_EQ(refused(parse_facts("redis_version:" + std::string(good))), "") << good;
  }
}

TEST(ServerFacts, ReplicasThatAreBeingCopiedDoNotCount) {
  const ServerFacts seen = parse_facts(
      "role:master\r\nconnected_slaves:2\r\nslave0:ip=127.0.0.1,port=1,state=online,offset=1\r\n"
      "slave1:ip=127.0.0.1,port=2,state=wait_bgsave,offset=0\r\n");
  EXPECT_EQ(seen.replicas, 1U);
  EXPECT_TRUE(has(only(seen, kGoodSettings, {Durability::kReplicas, 2}), "F it has 1 replicas"));
  EXPECT_TRUE(concerns(seen, kGoodSettings, {Durability::kReplicas, 1}).empty());
}

TEST(ServerFacts, WhatTheDurabilityNeedsIsGraveAndWhatAnotherWouldNeedIsNot) {
  ServerSettings lax = kGoodSettings;
  lax.append_fsync = "everysec";
  EXPECT_TRUE(has(only(facts(""), lax), "F the queue's server cannot keep"));
  EXPECT_TRUE(has(only(facts(""), lax, Durability::kServer), "it answers before it has synced"));
  lax.append_only = "no";
  EXPECT_TRUE(has(only(facts(""), lax), "F the queue's server cannot keep"));
  EXPECT_TRUE(has(only(facts(""), lax, Durability::kServer), "keeps nothing on its disk"));
  lax.snapshots = "3600 1";
  EXPECT_TRUE(has(only(facts(""), lax, Durability::kServer), "after its last snapshot"));
}

TEST(ServerFacts, TheRestOfWhatIsSaid) {
  ServerSettings settings = kGoodSettings;
  settings.eviction = "allkeys-lru";
  EXPECT_TRUE(has(only(facts(""), settings, Durability::kServer), "F "));
  settings = kGoodSettings;
  settings.lax_fsync = "yes";
  EXPECT_TRUE(has(only(facts(""), settings), "no-appendfsync-on-rewrite"));
  EXPECT_TRUE(concerns(facts(""), settings, Durability::kServer).empty());
  settings = kGoodSettings;
  settings.max_memory = "0";
  EXPECT_TRUE(has(only(facts("total_system_memory:8388608\r\n"), settings), "(8 MB)"));
  EXPECT_TRUE(has(only(facts("aof_last_write_status:err\r\n"), kGoodSettings), "F it could not"));
  EXPECT_TRUE(has(only(facts("rdb_last_bgsave_status:err\r\n"), kGoodSettings), "last snapshot"));
}

}  // namespace
}  // namespace convoke::redis
