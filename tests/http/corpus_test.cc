// The kept corpus of the fuzzer, replayed: each file is what one client sends before it ends.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/http/conversation.h"

namespace convoke::http {
namespace {

struct Sample {
  std::string name;
  std::string bytes;
};

std::vector<Sample> corpus(const std::string& prefix) {
  std::vector<Sample> samples;
  for (const auto& entry : std::filesystem::directory_iterator(HTTP_CORPUS)) {
    const std::string name = entry.path().filename().string();
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    samples.push_back({name, std::string(std::istreambuf_iterator<char>(file), {})});
  }
  return samples;
}

// Where cuts are worth their time: everywhere in a short conversation, around the ends of a long.
bool worth_cutting(std::size_t at, std::size_t size) {
  return at < 600 || size - at < 100 || at % 97 == 0;
}

TEST(HttpCorpus, IsThere) {
  EXPECT_GE(corpus("ok-").size(), 19U);
  EXPECT_GE(corpus("bad-").size(), 75U);
}

TEST(HttpCorpus, CutAtAnyByteTellsTheSame) {
  for (const Sample& sample : corpus("")) {
    SCOPED_TRACE(sample.name);
    const Conversation whole = converse({sample.bytes}, Answers::kAtOnce);
    for (std::size_t at = 0; at <= sample.bytes.size(); ++at) {
      if (!worth_cutting(at, sample.bytes.size())) continue;
      const Conversation cut = converse(cut_at(sample.bytes, at), Answers::kAtOnce);
      ASSERT_EQ(cut.told, whole.told) << "cut at " << at;
      ASSERT_EQ(cut.received, whole.received) << "cut at " << at;
    }
  }
}

TEST(HttpCorpus, ByteByByteAndAnsweredLaterTellsTheSame) {
  for (const Sample& sample : corpus("")) {
    SCOPED_TRACE(sample.name);
    const Conversation whole = converse({sample.bytes}, Answers::kAtOnce);
    for (const Answers answers : {Answers::kAtOnce, Answers::kLater}) {
      const Conversation cut = converse(cut_into_bytes(sample.bytes), answers);
      EXPECT_EQ(cut.told, whole.told);
      EXPECT_EQ(cut.received, whole.received);
    }
    EXPECT_EQ(converse({sample.bytes}, Answers::kLater).received, whole.received);
  }
}

TEST(HttpCorpus, TheGoodAreAnswered) {
  for (const Sample& sample : corpus("ok-")) {
    const Conversation said = converse({sample.bytes}, Answers::kAtOnce);
    EXPECT_FALSE(said.told.empty()) << sample.name;
    EXPECT_EQ(count(said.received, "HTTP/1.1 4"), 0U) << sample.name << "\n" << said.received;
  }
}

TEST(HttpCorpus, TheBadGetOneRefusalInWordsAndAClose) {
  for (const Sample& sample : corpus("bad-")) {
    const Conversation said = converse({sample.bytes}, Answers::kAtOnce);
    EXPECT_EQ(count(said.received, "HTTP/1.1 400 Bad Request\r\n"), 1U) << sample.name << "\n"
                                                                        << said.received;
    EXPECT_EQ(count(said.received, "Connection: close\r\n"), 1U) << sample.name;
    EXPECT_NE(said.received.find("\"ErrorMessage\":\""), std::string::npos) << sample.name;
  }
}

TEST(HttpCorpus, NoneLeavesAnythingBehind) {
  for (const Sample& sample : corpus("")) {
    for (std::size_t at = 0; at <= sample.bytes.size(); at += 1 + sample.bytes.size() / 50) {
      const Conversation said =
          converse({std::string_view(sample.bytes).substr(0, at)}, Answers::kAtOnce);
      EXPECT_EQ(said.connections_left, 0U) << sample.name << " cut short at " << at;
      EXPECT_EQ(said.exchanges_left, 0U) << sample.name << " cut short at " << at;
    }
  }
}

}  // namespace
}  // namespace convoke::http
