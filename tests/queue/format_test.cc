#include "queue/journal/format.h"

#include <gtest/gtest.h>

namespace convoke::journal {
namespace {

constexpr Seal kSeal{0x1234, 128, 7};

AcceptedRecord sample() {
  AcceptedRecord record;
  record.id = CallId::from_random(1, 2);
  record.function = FunctionId{9};
  record.order = 77;
  record.accepted = wall_from_ms(1000);
  record.due = wall_from_ms(2000);
  record.function_errors = 1;
  record.retries = 2;
  record.qualifier = "LATEST";
  record.name = "job";
  record.event = "hello";
  return record;
}

template <class R>
std::string sealed(const R& record, const Seal& with = kSeal) {
  std::string bytes = encode(record);
  seal(bytes, with);
  return bytes;
}

TEST(JournalFormat, EveryKindOfRecordComesBackAsItWas) {
  const std::string accepted = sealed(sample());
  const auto whole = decode(accepted, kSeal.salt);
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->size, accepted.size());
  EXPECT_EQ(whole->durable, kSeal.durable);
  EXPECT_EQ(whole->incarnation, kSeal.incarnation);
  const auto back = as_accepted(*whole);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->id, sample().id);
  EXPECT_EQ(back->function, sample().function);
  EXPECT_EQ(back->order, 77U);
  EXPECT_EQ(back->accepted, sample().accepted);
  EXPECT_EQ(back->due, sample().due);
  EXPECT_EQ(back->function_errors, 1U);
  EXPECT_EQ(back->retries, 2U);
  EXPECT_EQ(back->qualifier, "LATEST");
  EXPECT_EQ(back->name, "job");
  EXPECT_EQ(back->event, "hello");

  const std::string attempt = sealed(AttemptRecord{sample().id, wall_from_ms(-5), 3, 4});
  const auto attempted = as_attempt(*decode(attempt, kSeal.salt));
  ASSERT_TRUE(attempted);
  EXPECT_EQ(attempted->due, wall_from_ms(-5));
  EXPECT_EQ(attempted->function_errors, 3U);
  EXPECT_EQ(attempted->retries, 4U);

  const std::string finish =
      sealed(FinishedRecord{sample().id, wall_from_ms(3000), Settlement::kExpired});
  const auto finished = as_finished(*decode(finish, kSeal.salt));
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->id, sample().id);
  EXPECT_EQ(finished->at, wall_from_ms(3000));
  EXPECT_EQ(finished->settlement, Settlement::kExpired);

  const std::string trim = sealed(TrimmedRecord{42});
  EXPECT_EQ(as_trimmed(*decode(trim, kSeal.salt))->first_live, 42U);
}

TEST(JournalFormat, SizesAreWhatTheReserveReckonsWith) {
  EXPECT_EQ(encode(AttemptRecord{}).size(), kAttemptBytes);
  EXPECT_EQ(encode(FinishedRecord{}).size(), kFinishedBytes);
  EXPECT_EQ(encode(TrimmedRecord{}).size(), kTrimmedBytes);
  for (std::size_t event = 0; event < 20; ++event) {
    AcceptedRecord record;
    const std::string bytes(event, 'x');
    record.event = bytes;
    EXPECT_EQ(encode(record).size(), accepted_bytes(0, 0, event));
    EXPECT_EQ(encode(record).size() % 8, 0U);
  }
}

TEST(JournalFormat, EveryFlippedBitIsSeen) {
  const std::string good = sealed(sample());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode(bad, kSeal.salt)) << "bit " << bit;
  }
}

TEST(JournalFormat, EveryCutIsSeen) {
  const std::string good = sealed(sample());
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode(std::string_view(good).substr(0, size), kSeal.salt)) << size;
  }
}

TEST(JournalFormat, ARecordOfAnotherLifeOfTheFileIsNone) {
  const std::string bytes = sealed(sample());
  EXPECT_FALSE(decode(bytes, kSeal.salt + 1));
  EXPECT_NE(salt_for(5, 0, 1, 2), salt_for(5, 0, 2, 1));
  EXPECT_NE(salt_for(5, 0, 1, 2), salt_for(5, 1, 1, 2));
  EXPECT_NE(salt_for(5, 0, 1, 2), salt_for(6, 0, 1, 2));
}

TEST(JournalFormat, ZerosAreNoRecord) {
  EXPECT_FALSE(decode(std::string(4096, '\0'), 0));
  EXPECT_FALSE(decode_header(std::string(4096, '\0')));
}

TEST(JournalFormat, AHeaderSurvivesTheLossOfEitherCopyButNotOfBoth) {
  const SegmentHeader header{3, 4, 5, 2, 600, 7};
  const std::string good = encode(header);
  ASSERT_EQ(good.size(), kFirstRecord);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    const auto found = decode_header(bad);
    ASSERT_TRUE(found) << "bit " << bit;
    EXPECT_EQ(found->header, header);
  }
  std::string bad = good;
  bad[20] = bad[kHeaderBytes + 20] = 'x';
  EXPECT_FALSE(decode_header(bad));
}

TEST(JournalFormat, FieldsThatContradictTheSizeAreRefused) {
  std::string bytes = encode(sample());
  bytes[kFrameBytes + 60] = 100;  // the event's size
  seal(bytes, kSeal);
  const auto whole = decode(bytes, kSeal.salt);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(as_accepted(*whole));
  EXPECT_FALSE(as_finished(*whole));
}

}  // namespace
}  // namespace convoke::journal
