#include "workers/output_lines.h"

#include <gtest/gtest.h>

#include "tests/workers/fakes.h"

namespace convoke::test {
namespace {

constexpr OutputStream kOut = OutputStream::kStdout;
constexpr OutputStream kErr = OutputStream::kStderr;

class OutputLinesTest : public testing::Test {
 protected:
  [[nodiscard]] std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (const RecordingSink::Line& line : sink.lines) all.push_back(line.text);
    return all;
  }
  [[nodiscard]] std::optional<CallId> owner(std::size_t i) const { return sink.lines.at(i).call; }

  VirtualTime time;
  RecordingSink sink;
  OutputLines lines{FunctionId{7}, "c-1", time, sink};
};

TEST_F(OutputLinesTest, AreTheSameWhereverTheBytesAreSplit) {
  const std::string bytes = "one\r\n\ntwo three\nfour";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    sink.lines.clear();
    lines.bytes(kOut, std::string_view(bytes).substr(0, cut));
    lines.bytes(kOut, std::string_view(bytes).substr(cut));
    EXPECT_EQ(texts(), (std::vector<std::string>{"one", "", "two three"}));
    lines.flush();
    EXPECT_EQ(texts().back(), "four");
  }
}

TEST_F(OutputLinesTest, StdoutAndStderrDoNotMixInALine) {
  lines.bytes(kOut, "out ");
  lines.bytes(kErr, "err ");
  lines.bytes(kOut, "put\n");
  lines.bytes(kErr, "or\n");
  EXPECT_EQ(texts(), (std::vector<std::string>{"out put", "err or"}));
}

TEST_F(OutputLinesTest, ALineIsCutAt32KilobytesAndItsRestIsDropped) {
  for (const std::size_t piece : {std::size_t{1000}, std::size_t{100'000}}) {
    sink.lines.clear();
    const std::string bytes = std::string(70'000, 'x') + "\nnext\n";
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      lines.bytes(kOut, std::string_view(bytes).substr(at, piece));
    }
    ASSERT_EQ(sink.lines.size(), 2U);
    EXPECT_EQ(sink.lines[0].text, std::string(kLogLineBytesMax, 'x'));
    EXPECT_EQ(sink.lines[1].text, "next");
  }
}

TEST_F(OutputLinesTest, ALineOfExactly32KilobytesIsWhole) {
  lines.bytes(kOut, std::string(kLogLineBytesMax, 'x') + "\nnext\n");
  ASSERT_EQ(sink.lines.size(), 2U);
  EXPECT_EQ(sink.lines[0].text.size(), kLogLineBytesMax);
}

TEST_F(OutputLinesTest, WithoutACallTheyAreTheInstances) {
  lines.bytes(kOut, "starting\n");
  EXPECT_EQ(owner(0), std::nullopt);
}

TEST_F(OutputLinesTest, WithOneCallInsideTheyAreIts) {
  lines.begin_call(call_id(1), KeepTail::kNo);
  lines.bytes(kOut, "hello\n");
  EXPECT_EQ(owner(0), call_id(1));
}

TEST_F(OutputLinesTest, WithSeveralTheyBelongToTheCallTheyNameElseToTheInstance) {
  lines.begin_call(call_id(1), KeepTail::kNo);
  lines.begin_call(call_id(2), KeepTail::kNo);
  lines.bytes(kOut, "FC Invoke Start RequestId: " + call_id(2).text() + "\n");
  lines.bytes(kOut, "[" + call_id(1).text() + "] it\n");
  lines.bytes(kOut, "who said this-and-that?\n");
  lines.bytes(kOut, "not one of ours: " + call_id(3).text() + "\n");
  lines.bytes(kOut, call_id(3).text() + " but then " + call_id(2).text() + "\n");
  EXPECT_EQ(owner(0), call_id(2));
  EXPECT_EQ(owner(1), call_id(1));
  EXPECT_EQ(owner(2), std::nullopt);
  EXPECT_EQ(owner(3), std::nullopt);
  EXPECT_EQ(owner(4), call_id(2));
}

TEST_F(OutputLinesTest, ALateLineThatNamesTheCallBeforeIsNotTheNextOnes) {
  lines.begin_call(call_id(1), KeepTail::kNo);
  EXPECT_EQ(lines.end_call(call_id(1)), "");
  lines.begin_call(call_id(2), KeepTail::kYes);
  lines.bytes(kOut, "FC Invoke End RequestId: " + call_id(1).text() + "\nmine\n");
  EXPECT_EQ(owner(0), call_id(1));
  EXPECT_EQ(owner(1), call_id(2));
  EXPECT_EQ(lines.end_call(call_id(2)), "mine\n");
}

TEST_F(OutputLinesTest, TheTailIsTheLastFourKilobytesOfItsCallAlone) {
  lines.begin_call(call_id(1), KeepTail::kYes);
  lines.begin_call(call_id(2), KeepTail::kYes);
  const std::string name = call_id(1).text();
  std::string all;
  for (int i = 0; i < 1000; ++i) {
    const std::string line = name + " " + std::to_string(i) + "\n";
    lines.bytes(kOut, line);
    lines.bytes(kErr, call_id(2).text() + "\n");
    all += line;
  }
  EXPECT_EQ(lines.end_call(call_id(1)), all.substr(all.size() - kLogTailBytes));
}

TEST_F(OutputLinesTest, ATailNobodyAskedForIsNotKept) {
  lines.begin_call(call_id(1), KeepTail::kNo);
  lines.bytes(kOut, "hello\n");
  EXPECT_EQ(lines.end_call(call_id(1)), "");
}

TEST_F(OutputLinesTest, WhatACallWroteWithoutALineEndIsItsLastLineIfItWasAlone) {
  lines.begin_call(call_id(1), KeepTail::kYes);
  lines.bytes(kOut, "progress 50 %");
  EXPECT_EQ(lines.end_call(call_id(1)), "progress 50 %\n");
  lines.begin_call(call_id(2), KeepTail::kYes);
  lines.begin_call(call_id(3), KeepTail::kYes);
  lines.bytes(kOut, "whose");
  EXPECT_EQ(lines.end_call(call_id(2)), "");
}

TEST_F(OutputLinesTest, TheStartLogIsKeptUntilStartedAndNoLonger) {
  lines.bytes(kErr, "no such library\n");
  EXPECT_EQ(lines.start_log(), "no such library\n");
  lines.started();
  lines.bytes(kErr, "more\n");
  EXPECT_EQ(lines.start_log(), "");
}

}  // namespace
}  // namespace convoke::test
