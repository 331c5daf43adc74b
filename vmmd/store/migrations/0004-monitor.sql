-- SPDX-License-Identifier: GPL-2.0-or-later
-- What instances, disks and public addresses used, by the minute.

-- Whom samples are of: a short number in place of the id in every one of them. It stays behind when
-- its object is deleted, until its samples are swept.
CREATE TABLE meter (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
-- period_s is 60, 600 or 3600; the longer ones are sums of the minutes that there were. span_ms is
-- how much of the period was looked at.
CREATE TABLE sample (
  meter INTEGER NOT NULL, period_s INTEGER NOT NULL, at_s INTEGER NOT NULL, span_ms INTEGER NOT NULL,
  cpu_us INTEGER NOT NULL, internet_in INTEGER NOT NULL, internet_out INTEGER NOT NULL,
  intranet_in INTEGER NOT NULL, intranet_out INTEGER NOT NULL, packets INTEGER NOT NULL,
  reads INTEGER NOT NULL, writes INTEGER NOT NULL, read_bytes INTEGER NOT NULL,
  write_bytes INTEGER NOT NULL, read_us INTEGER NOT NULL, write_us INTEGER NOT NULL,
  PRIMARY KEY (meter, period_s, at_s)) WITHOUT ROWID;
