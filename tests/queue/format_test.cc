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
  record.next = wall_from_ms(2500);
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
  EXPECT_EQ(back->next, sample().next);
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

AttemptReport sample_report() {
  AttemptReport report;
  report.dequeued = wall_from_ms(5);
  report.started = wall_from_ms(6);
  report.instance_id = "instance";
  report.duration = Millis{1234};
  report.error = "UnhandledInvocationError";
  report.message = std::string("broken\0 {", 9);
  return report;
}

void expect_same(const AttemptReport& a, const AttemptReport& b) {
  EXPECT_EQ(a.dequeued, b.dequeued);
  EXPECT_EQ(a.started, b.started);
  EXPECT_EQ(a.instance_id, b.instance_id);
  EXPECT_EQ(a.duration, b.duration);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.message, b.message);
}

TEST(JournalFormat, WhatIsToldForTheHistoryComesBackAsItWas) {
  AttemptRecord attempt{sample().id, wall_from_ms(9), 1, 2};
  attempt.told = AttemptTold{wall_from_ms(7), sample_report()};
  const std::string bytes = sealed(attempt);
  const auto attempted = as_attempt(*decode(bytes, kSeal.salt));
  ASSERT_TRUE(attempted && attempted->told);
  EXPECT_EQ(attempted->told->at, wall_from_ms(7));
  expect_same(attempted->told->report, sample_report());

  for (std::size_t size = 0; size < 17; ++size) {
    FinishedRecord finish{sample().id, wall_from_ms(9), Settlement::kFailed};
    EndTold told;
    told.function = FunctionId{7};
    told.retries = 3;
    told.report = sample_report();
    told.name = "job";
    told.destination_status = "Succeeded";
    told.result = std::string(size, 'r');
    told.result_cut = true;
    if (size % 2 == 1) told.event = std::make_shared<const std::string>("event");
    finish.told = told;
    const auto finished = as_finished(*decode(sealed(finish), kSeal.salt));
    ASSERT_TRUE(finished && finished->told) << size;
    EXPECT_EQ(finished->settlement, Settlement::kFailed);
    EXPECT_EQ(finished->told->function, FunctionId{7});
    EXPECT_EQ(finished->told->retries, 3U);
    expect_same(finished->told->report, sample_report());
    EXPECT_EQ(finished->told->name, "job");
    EXPECT_EQ(finished->told->result, told.result);
    EXPECT_TRUE(finished->told->result_cut);
    EXPECT_EQ(finished->told->destination_status, "Succeeded");
    EXPECT_EQ(finished->told->event != nullptr, size % 2 == 1);
  }
}

TEST(JournalFormat, WhatContradictsItselfIsNoRecordOfAnEnd) {
  FinishedRecord finish{sample().id, wall_from_ms(9), Settlement::kFailed};
  finish.told = EndTold{};
  finish.told->result = "0123456789";
  const std::string good = sealed(finish);
  for (std::size_t at = kFinishedBytes; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = '\xff';
    seal(bad, kSeal);
    const auto record = decode(bad, kSeal.salt);
    ASSERT_TRUE(record);
    (void)as_finished(*record);  // refused or read, never beyond its bytes
  }
}

TEST(JournalFormat, ALineageComesBackWithItsTraceAndWithout) {
  AcceptedRecord record = sample();
  EXPECT_FALSE(as_accepted(*decode(sealed(record), kSeal.salt))->lineage);
  const Lineage root = root_lineage(CallId::from_random(3, 4), FunctionId{9});
  record.lineage = child_lineage(root, root.root, FunctionId{10});
  for (const std::uint8_t trace : {std::uint8_t{0}, std::uint8_t{7}}) {
    record.lineage->trace.fill(trace);
    const std::string bytes = sealed(record);
    const auto back = as_accepted(*decode(bytes, kSeal.salt));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->lineage, record.lineage);
    EXPECT_EQ(back->event, "hello");
  }
}

TEST(JournalFormat, ALineageOfAKindThatIsNotKnownIsRefused) {
  std::string bytes = encode(sample());
  bytes[21] = 3;
  seal(bytes, kSeal);
  EXPECT_FALSE(as_accepted(*decode(bytes, kSeal.salt)));
}

TEST(JournalFormat, SizesAreWhatTheReserveReckonsWith) {
  EXPECT_EQ(encode(AttemptRecord{}).size(), kAttemptBytes);
  EXPECT_EQ(encode(FinishedRecord{}).size(), kFinishedBytes);
  EXPECT_EQ(encode(TrimmedRecord{}).size(), kTrimmedBytes);
  for (std::size_t event = 0; event < 20; ++event) {
    AcceptedRecord record;
    const std::string bytes(event, 'x');
    record.event = bytes;
    EXPECT_EQ(encode(record).size(), accepted_bytes(0, 0, event, 0));
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
  bytes[kFrameBytes + 68] = 100;  // the event's size
  seal(bytes, kSeal);
  const auto whole = decode(bytes, kSeal.salt);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(as_accepted(*whole));
  EXPECT_FALSE(as_finished(*whole));
}

}  // namespace
}  // namespace convoke::journal
