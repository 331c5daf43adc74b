/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instances and their events. */
#include "config.h"

#include "store-db.h"
#include "store-image.h"
#include "store-instance.h"
#include "store-network.h"
#include "vmm-error.h"
#include "vmm-id.h"

#define COLUMNS_WITH(user_data, public_key)                                                        \
  "id, account_id, host_id, uuid, state, name, description, host_name, image_id, type, "           \
  "zone_id, " user_data ", key_pair, " public_key                                                  \
  ", reason, charge_type, vcpus, memory_mib, deletion_protection,"                                 \
  " boot_when_staged, force, restart_on_crash, created_ms, started_ms, deadline_ms,"               \
  " bandwidth_in_mbit, bandwidth_out_mbit"
#define COLUMNS COLUMNS_WITH ("user_data", "public_key")
/* No list shows what may be large. */
#define LIST_COLUMNS COLUMNS_WITH ("''", "''")
#define N_TEXTS 16

static gpointer
read_instance (StoreRows *rows)
{
  VmmInstance *i = g_new0 (VmmInstance, 1);
  g_autofree char *state = store_rows_string (rows, 4);
  char **texts[N_TEXTS]
      = { &i->id,          &i->account_id, &i->host_id,  &i->uuid,       NULL,        &i->name,
          &i->description, &i->host_name,  &i->image_id, &i->type,       &i->zone_id, &i->user_data,
          &i->key_pair,    &i->public_key, &i->reason,   &i->charge_type };

  for (int t = 0; t < N_TEXTS; t++)
    if (texts[t] != NULL)
      *texts[t] = store_rows_string (rows, t);
  vmm_instance_state_from_string (state, &i->state);
  i->vcpus = (guint) store_rows_int (rows, 16);
  i->memory_mib = (guint) store_rows_int (rows, 17);
  i->deletion_protection = store_rows_int (rows, 18) != 0;
  i->boot_when_staged = store_rows_int (rows, 19) != 0;
  i->force = store_rows_int (rows, 20) != 0;
  i->restart_on_crash = store_rows_int (rows, 21) != 0;
  i->created_ms = store_rows_int (rows, 22);
  i->started_ms = store_rows_int (rows, 23);
  i->deadline_ms = store_rows_int (rows, 24);
  i->bandwidth_in_mbit = (guint) store_rows_int (rows, 25);
  i->bandwidth_out_mbit = (guint) store_rows_int (rows, 26);
  return i;
}

gboolean
store_instance_insert (StoreTxn *txn, const VmmInstance *i, GError **error)
{
  return store_exec (txn, error,
                     "INSERT INTO instance (" COLUMNS
                     ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
                     " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                     "ssssssssssssssssiiiiiiiiiii", i->id, i->account_id, i->host_id, i->uuid,
                     vmm_instance_state_to_string (i->state), i->name, i->description, i->host_name,
                     i->image_id, i->type, i->zone_id, i->user_data, i->key_pair, i->public_key,
                     i->reason, i->charge_type, (gint64) i->vcpus, (gint64) i->memory_mib,
                     (gint64) i->deletion_protection, (gint64) i->boot_when_staged,
                     (gint64) i->force, (gint64) i->restart_on_crash, i->created_ms, i->started_ms,
                     i->deadline_ms, (gint64) i->bandwidth_in_mbit, (gint64) i->bandwidth_out_mbit)
         > 0;
}

VmmInstance *
store_instance_get (StoreTxn *txn, const char *account_id, const char *id, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (txn, error,
                                            "SELECT " COLUMNS " FROM instance WHERE id=?1"
                                            " AND (?2 IS NULL OR account_id=?2)",
                                            "ss", id, account_id);
  g_autoptr (VmmInstance) instance = NULL;
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return NULL;
  if (store_rows_next (rows, &local))
    instance = read_instance (rows);
  else if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    vmm_fail (error, VMM_ERROR_INSTANCE_NOT_FOUND, "the specified instance '%s' does not exist",
              id);
  if (instance == NULL)
    return NULL;
  instance->nics = store_nic_list (txn, id, error);
  return instance->nics != NULL ? g_steal_pointer (&instance) : NULL;
}

gboolean
store_instance_exists (StoreTxn *txn, const char *id, gboolean *out, GError **error)
{
  gint64 found = 0;

  if (!store_query_int (txn, &found, error, "SELECT EXISTS (SELECT 1 FROM instance WHERE id=?)",
                        "s", id))
    return FALSE;
  *out = found != 0;
  return TRUE;
}

static void
filter_status (StoreFilter *filter, const char *wire)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) states = NULL;

  if (wire == NULL || *wire == '\0')
    return;
  for (guint s = 0; s < VMM_INSTANCE_STATE_LAST; s++)
    if (g_strcmp0 (vmm_instance_state_wire (s), wire) == 0)
      g_strv_builder_add (builder, vmm_instance_state_to_string (s));
  states = g_strv_builder_end (builder);
  if (states[0] != NULL)
    store_filter_in (filter, "state", (const char *const *) states);
  else
    store_filter_string (filter, "state=?", "none");
}

static void
filter_nics (StoreFilter *filter, const char *const *ids)
{
  if (ids == NULL || ids[0] == NULL)
    return;
  g_string_append (filter->where, " AND id IN (SELECT instance_id FROM nic WHERE 1");
  store_filter_in (filter, "id", ids);
  g_string_append_c (filter->where, ')');
}

#define PUBLIC_OF                                                                                  \
  "id IN (SELECT n.instance_id FROM nic n JOIN eip e ON e.nic_id=n.id WHERE e.is_plain="

/* Public addresses: those that go with the instance, or elastic ones. */
static void
filter_publics (StoreFilter *filter, const char *const *ips, gboolean is_plain)
{
  store_filter_addresses (filter, is_plain ? PUBLIC_OF "1 AND e.ip IN" : PUBLIC_OF "0 AND e.ip IN",
                          ips, ")");
}

static void
add_filters (StoreFilter *filter, const VmmInstanceQuery *q)
{
  g_autofree char *family = q->type_family != NULL && *q->type_family != '\0'
                                ? g_strdup_printf ("%s.*", q->type_family)
                                : NULL;

  store_filter_in (filter, "id", q->ids);
  filter_nics (filter, q->nic_ids);
  store_filter_wildcard (filter, "name", q->name);
  store_filter_string (filter, "image_id=?", q->image_id);
  store_filter_string (filter, "type=?", q->type);
  store_filter_wildcard (filter, "type", family);
  store_filter_string (filter, "zone_id=?", q->zone_id);
  store_filter_string (filter, "key_pair=?", q->key_pair);
  store_filter_string (filter, "id IN (SELECT instance_id FROM nic WHERE vpc_id=?)", q->vpc_id);
  store_filter_string (filter, "id IN (SELECT instance_id FROM nic WHERE vswitch_id=?)",
                       q->vswitch_id);
  store_filter_string (filter,
                       "id IN (SELECT n.instance_id FROM nic n JOIN nic_group g ON g.nic_id=n.id"
                       " WHERE g.group_id=?)",
                       q->group_id);
  store_filter_addresses (filter, "id IN (SELECT instance_id FROM nic WHERE ip IN", q->private_ips,
                          ")");
  filter_publics (filter, q->public_ips, TRUE);
  filter_publics (filter, q->eips, FALSE);
  store_filter_string (filter, "charge_type=?", q->charge_type);
  filter_status (filter, q->status);
  if (q->created_from_ms != 0)
    store_filter_int (filter, "created_ms >= ?", q->created_from_ms);
  if (q->created_to_ms != 0)
    store_filter_int (filter, "created_ms <= ?", q->created_to_ms);
}

GPtrArray *
store_instance_list (StoreTxn *txn, const char *account_id, const VmmInstanceQuery *query,
                     const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };
  g_autoptr (GPtrArray) list = NULL;

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_tags (&filter, "id", VMM_TAG_INSTANCE, account_id, &query->tags);
  add_filters (&filter, query);
  list = store_list (txn, LIST_COLUMNS, "instance", "seq", &filter, page, info, read_instance,
                     (GDestroyNotify) vmm_instance_free, error);
  return list != NULL && store_nic_fill (txn, list, error) ? g_steal_pointer (&list) : NULL;
}

static gboolean
insert_event (StoreTxn *txn, const VmmInstance *instance, const StoreMove *move, GError **error)
{
  g_autofree char *id = vmm_id_new (VMM_ID_EVENT);

  return store_exec (txn, error,
                     "INSERT INTO instance_event (id, account_id, instance_id, event, from_state,"
                     " to_state, reason, at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                     "sssssssi", id, instance->account_id, instance->id,
                     vmm_instance_event_to_string (move->event),
                     vmm_instance_state_to_string (move->from),
                     vmm_instance_state_to_string (move->to),
                     move->reason != NULL ? move->reason : "", move->now_ms)
         > 0;
}

gboolean
store_instance_move (StoreTxn *txn, const VmmInstance *instance, const StoreMove *move,
                     GError **error)
{
  int changes = store_exec (
      txn, error,
      "UPDATE instance SET state=?, reason=?, deadline_ms=?, force=?,"
      " started_ms=CASE WHEN ?='running' THEN ? ELSE started_ms END WHERE id=? AND state=?",
      "ssiisiss", vmm_instance_state_to_string (move->to), move->reason != NULL ? move->reason : "",
      move->deadline_ms, (gint64) move->force, vmm_instance_state_to_string (move->to),
      move->now_ms, instance->id, vmm_instance_state_to_string (move->from));

  if (changes < 0)
    return FALSE;
  if (changes == 0)
    return vmm_fail (error, VMM_ERROR_INSTANCE_STATUS, "instance '%s' is not %s any more",
                     instance->id, vmm_instance_state_to_string (move->from));
  return insert_event (txn, instance, move, error);
}

gboolean
store_instance_delete (StoreTxn *txn, const char *id, GError **error)
{
  return store_nic_delete_of (txn, id, error) && store_disk_delete_of (txn, id, error)
         && store_exec (txn, error, "DELETE FROM instance WHERE id=?", "s", id) > 0;
}

gboolean
store_instance_set_name (StoreTxn *txn, const char *id, const char *name, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET name=? WHERE id=?", "ss", name, id) > 0;
}

gboolean
store_instance_set_description (StoreTxn *txn, const char *id, const char *text, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET description=? WHERE id=?", "ss", text, id)
         > 0;
}

gboolean
store_instance_set_host_name (StoreTxn *txn, const char *id, const char *name, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET host_name=? WHERE id=?", "ss", name, id) > 0;
}

gboolean
store_instance_set_user_data (StoreTxn *txn, const char *id, const char *base64, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET user_data=? WHERE id=?", "ss", base64, id)
         > 0;
}

gboolean
store_instance_set_protection (StoreTxn *txn, const char *id, gboolean is_protected, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET deletion_protection=? WHERE id=?", "is",
                     (gint64) is_protected, id)
         > 0;
}

gboolean
store_instance_set_restart (StoreTxn *txn, const char *id, gboolean restart_on_crash,
                            GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET restart_on_crash=? WHERE id=?", "is",
                     (gint64) restart_on_crash, id)
         > 0;
}

gboolean
store_instance_set_image (StoreTxn *txn, const VmmInstance *i, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE instance SET image_id=?, key_pair=?, public_key=? WHERE id=?", "ssss",
                     i->image_id, i->key_pair, i->public_key, i->id)
         > 0;
}

gboolean
store_instance_set_type (StoreTxn *txn, const char *id, const char *type, guint vcpus,
                         guint memory_mib, GError **error)
{
  return store_exec (txn, error, "UPDATE instance SET type=?, vcpus=?, memory_mib=? WHERE id=?",
                     "siis", type, (gint64) vcpus, (gint64) memory_mib, id)
         > 0;
}

gboolean
store_instance_get_bandwidth (StoreTxn *txn, const char *id, guint *out_in_mbit,
                              guint *out_out_mbit, GError **error)
{
  g_autoptr (StoreRows) rows = store_query (
      txn, error, "SELECT bandwidth_in_mbit, bandwidth_out_mbit FROM instance WHERE id=?", "s", id);
  g_autoptr (GError) local = NULL;

  if (rows == NULL)
    return FALSE;
  *out_in_mbit = *out_out_mbit = 0;
  if (store_rows_next (rows, &local))
    {
      *out_in_mbit = (guint) store_rows_int (rows, 0);
      *out_out_mbit = (guint) store_rows_int (rows, 1);
      return TRUE;
    }
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
store_instance_set_bandwidth (StoreTxn *txn, const VmmInstance *i, GError **error)
{
  return store_exec (txn, error,
                     "UPDATE instance SET bandwidth_in_mbit=?, bandwidth_out_mbit=?, charge_type=?"
                     " WHERE id=?",
                     "iiss", (gint64) i->bandwidth_in_mbit, (gint64) i->bandwidth_out_mbit,
                     i->charge_type, i->id)
         > 0;
}

GPtrArray *
store_instance_ids (StoreTxn *txn, const char *host_id, gboolean all, GError **error)
{
  return store_read_ids (
      store_query (
          txn, error,
          "SELECT id FROM instance WHERE host_id=? AND (? OR deadline_ms > 0) ORDER BY seq", "si",
          host_id, (gint64) all),
      error);
}

gboolean
store_instance_usage (StoreTxn *txn, const char *host_id, StoreUsage *out, GError **error)
{
  g_autoptr (StoreRows) rows
      = store_query (txn, error,
                     "SELECT count(*), coalesce (sum (vcpus), 0), coalesce (sum (memory_mib), 0),"
                     " (SELECT coalesce (sum (max (virtual_bytes, want_bytes)), 0) FROM disk"
                     " WHERE host_id=?1)"
                     " FROM instance WHERE host_id=?1",
                     "s", host_id);

  if (rows == NULL || !store_rows_next (rows, error))
    return FALSE;
  *out = (StoreUsage){ store_rows_int (rows, 0), store_rows_int (rows, 1), store_rows_int (rows, 2),
                       store_rows_int (rows, 3) };
  return TRUE;
}

gboolean
store_instance_count_account (StoreTxn *txn, const char *account_id, guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (txn, &count, error, "SELECT count(*) FROM instance WHERE account_id=?", "s",
                        account_id))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

void
store_event_free (StoreEvent *event)
{
  if (event == NULL)
    return;
  g_free (event->id);
  g_free (event->instance_id);
  g_free (event->event);
  g_free (event->from);
  g_free (event->to);
  g_free (event->reason);
  g_free (event);
}

static gpointer
read_event (StoreRows *rows)
{
  StoreEvent *event = g_new0 (StoreEvent, 1);

  event->id = store_rows_string (rows, 0);
  event->instance_id = store_rows_string (rows, 1);
  event->event = store_rows_string (rows, 2);
  event->from = store_rows_string (rows, 3);
  event->to = store_rows_string (rows, 4);
  event->reason = store_rows_string (rows, 5);
  event->at_ms = store_rows_int (rows, 6);
  return event;
}

GPtrArray *
store_event_list (StoreTxn *txn, const char *account_id, const char *instance_id,
                  const VmmPage *page, VmmPageInfo *info, GError **error)
{
  g_auto (StoreFilter) filter = { NULL, NULL };

  store_filter_init (&filter, "account_id=?", account_id);
  store_filter_string (&filter, "instance_id=?", instance_id);
  return store_list (txn, "id, instance_id, event, from_state, to_state, reason, at_ms",
                     "instance_event", "seq", &filter, page, info, read_event,
                     (GDestroyNotify) store_event_free, error);
}

gboolean
store_event_add (StoreTxn *txn, const char *instance_id, const char *event, const char *reason,
                 gint64 now_ms, GError **error)
{
  g_autofree char *id = vmm_id_new (VMM_ID_EVENT);

  return store_exec (txn, error,
                     "INSERT INTO instance_event (id, account_id, instance_id, event, from_state,"
                     " to_state, reason, at_ms)"
                     " SELECT ?, account_id, id, ?, state, state, ?, ? FROM instance WHERE id=?",
                     "sssis", id, event, reason, now_ms, instance_id)
         >= 0;
}

gboolean
store_event_count (StoreTxn *txn, const char *instance_id, VmmInstanceEvent event, gint64 since_ms,
                   guint *out, GError **error)
{
  gint64 count = 0;

  if (!store_query_int (
          txn, &count, error,
          "SELECT count(*) FROM instance_event WHERE instance_id=? AND event=? AND at_ms >= ?",
          "ssi", instance_id, vmm_instance_event_to_string (event), since_ms))
    return FALSE;
  *out = (guint) count;
  return TRUE;
}

gboolean
store_event_expire (StoreTxn *txn, gint64 before_ms, GError **error)
{
  return store_exec (txn, error, "DELETE FROM instance_event WHERE at_ms < ?", "i", before_ms) >= 0;
}
