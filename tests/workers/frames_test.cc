#include "workers/frames.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoke::test {
namespace {

std::vector<Frame> read_all(FrameReader& reader, std::string_view bytes) {
  std::vector<Frame> frames;
  while (std::optional<Frame> frame = reader.next(bytes)) frames.push_back(std::move(*frame));
  return frames;
}

std::string three_frames() {
  return encode_frame(FrameKind::kReady, 0, "") +
         encode_frame(FrameKind::kResult, 0x0102030405060708, std::string(300, 'r')) +
         encode_frame(FrameKind::kError, 2, std::string("\0\n", 2));
}

void expect_three_frames(const std::vector<Frame>& frames) {
  ASSERT_EQ(frames.size(), 3U);
  EXPECT_EQ(frames[0].kind, FrameKind::kReady);
  EXPECT_EQ(frames[0].payload, "");
  EXPECT_EQ(frames[1].kind, FrameKind::kResult);
  EXPECT_EQ(frames[1].call, 0x0102030405060708U);
  EXPECT_EQ(frames[1].payload, std::string(300, 'r'));
  EXPECT_EQ(frames[2].payload, std::string("\0\n", 2));
}

TEST(Frames, TheHeadIsSixteenBytesLittleEndian) {
  EXPECT_EQ(encode_frame(FrameKind::kResult, 0x0201, "ab"),
            std::string("\x02\0\0\0\x06\0\0\0\x01\x02\0\0\0\0\0\0ab", 18));
}

TEST(Frames, AnInvokeSaysHowLongItsHeadIs) {
  EXPECT_EQ(encode_invoke(1, "{}", "event"),
            std::string("\x0b\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0{}event", 27));
}

TEST(Frames, AreTheSameWhereverTheBytesAreSplit) {
  const std::string bytes = three_frames();
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameReader reader;
    std::vector<Frame> frames = read_all(reader, bytes.substr(0, cut));
    for (Frame& frame : read_all(reader, bytes.substr(cut))) frames.push_back(std::move(frame));
    expect_three_frames(frames);
  }
}

TEST(Frames, AreTheSameByteByByte) {
  FrameReader reader;
  std::vector<Frame> frames;
  for (const char byte : three_frames()) {
    for (Frame& frame : read_all(reader, {&byte, 1})) frames.push_back(std::move(frame));
  }
  expect_three_frames(frames);
}

TEST(Frames, AnUnknownKindBreaksTheLink) {
  for (const char kind : {'\0', '\x08', '\xff'}) {
    std::string bytes = encode_frame(FrameKind::kReady, 0, "");
    bytes[4] = kind;
    FrameReader reader;
    EXPECT_TRUE(read_all(reader, bytes).empty());
    EXPECT_TRUE(reader.broken());
    EXPECT_TRUE(read_all(reader, three_frames()).empty()) << "nothing comes any more";
  }
}

TEST(Frames, ASizeBeyondTheLimitBreaksTheLinkBeforeAnyOfItIsRead) {
  std::string bytes = encode_frame(FrameKind::kResult, 1, "");
  bytes.replace(0, 4, "\x01\0\0\x02", 4);  // 32 MiB + 1
  FrameReader reader;
  EXPECT_TRUE(read_all(reader, bytes).empty());
  EXPECT_TRUE(reader.broken());
}

}  // namespace
}  // namespace convoke::test
