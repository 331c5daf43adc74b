/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of this host: desired state in, kernel state out. Knows no store and no action.
 *
 * Each VPC is a network namespace; an instance's tap is moved into it and is a routed port there.
 * Every call is idempotent, blocks, and may come from any thread; calls on one VPC are serialised
 * inside. Kernel state outlives the process: stopping the daemon cuts no flow. */
#pragma once
#include <gio/gio.h>

#define NETCTL_ERROR (netctl_error_quark ())
GQuark netctl_error_quark (void);
typedef enum
{
  NETCTL_ERROR_INVALID, /* the plan itself is wrong; trying again does not help */
  NETCTL_ERROR_KERNEL,  /* the kernel or a helper program refused; the message names the object */
  NETCTL_ERROR_NO_TAP,  /* the port's tap does not exist (QEMU is gone) */
  NETCTL_ERROR_BUSY,    /* something that must go first is still there; it may be tried again */
} NetctlError;

/* What a guest's link carries; also told by DHCP. Leaves room for a VXLAN header. */
#define NETCTL_GUEST_MTU 1450
/* Where a guest finds its metadata, in every VPC. */
#define NETCTL_METADATA_ADDRESS "100.100.100.200"
/* Bounds of the indexes below, so that one name prefix ("et0", "eu0", never "eth") covers all. */
#define NETCTL_VPC_INDEX_MAX 0xfff00
#define NETCTL_PORT_INDEX_MAX 0xfffffff

/* An address with a prefix length, parsed once at the edge; text for the kernel is printed from
 * here only. */
typedef struct
{
  GSocketFamily family; /* G_SOCKET_FAMILY_IPV4 or _IPV6 */
  guint8 bytes[16];     /* network order; IPv4 uses the first four */
  guint length;         /* 0-32 or 0-128; a host address has the full length */
} NetctlPrefix;

/* Reads "10.0.0.0/8", "10.0.0.1", "fd00::/64". FALSE on anything else: host bits may be set. */
gboolean netctl_prefix_parse (const char *text, NetctlPrefix *out);
/* The inverse, without the length when it is full. The caller frees it. */
char *netctl_prefix_format (const NetctlPrefix *prefix);

typedef struct
{
  NetctlPrefix range;
  NetctlPrefix gateway; /* host address inside @range */
} NetctlSubnet;

typedef struct
{
  guint32 index;   /* the namespace is ecs-v%06x; at most NETCTL_VPC_INDEX_MAX */
  char *id;        /* vpc-…, for messages */
  GArray *subnets; /* NetctlSubnet */
  gboolean nat;    /* reach the outside through the host's address */
} NetctlVpc;

typedef enum
{
  NETCTL_INGRESS,
  NETCTL_EGRESS
} NetctlDirection;

typedef struct
{
  NetctlDirection direction;
  gboolean accept;
  guint priority;                       /* 1 to 100; lower wins, drop wins a tie */
  int protocol;                         /* IPPROTO_…; -1 for all */
  int port_min, port_max;               /* destination; -1 and -1 for all */
  int source_port_min, source_port_max; /* -1 and -1 for all */
  gboolean peer_is_group;
  NetctlPrefix peer;  /* the other side, unless peer_is_group */
  guint32 peer_group; /* group index */
} NetctlRule;

typedef struct
{
  guint32 vpc;
  guint32 index;
  gboolean members_reach_each_other; /* InnerAccessPolicy Accept */
  GArray *rules;                     /* NetctlRule */
} NetctlGroup;

typedef struct
{
  guint32 vpc;
  guint32 index;     /* the tap is et%08x; at most NETCTL_PORT_INDEX_MAX */
  char *id;          /* eni-…, for messages */
  guint8 mac[6];     /* the guest's */
  GArray *addresses; /* NetctlPrefix; the first is the one DHCP hands out */
  GArray *groups;    /* guint32 group indexes, at least one */
  char *host_name;   /* for DHCP; checked again inside */
} NetctlPort;

/* The whole of what this host shall have. */
typedef struct
{
  GPtrArray *vpcs, *groups, *ports; /* NetctlVpc*, NetctlGroup*, NetctlPort* */
} NetctlPlan;

void netctl_vpc_free (NetctlVpc *vpc);
void netctl_group_free (NetctlGroup *group);
void netctl_port_free (NetctlPort *port);
NetctlVpc *netctl_vpc_new (void);     /* with an empty array */
NetctlGroup *netctl_group_new (void); /* likewise */
NetctlPort *netctl_port_new (void);   /* likewise */
NetctlPlan *netctl_plan_new (void);   /* arrays that own their elements */
void netctl_plan_free (NetctlPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlVpc, netctl_vpc_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlGroup, netctl_group_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlPort, netctl_port_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (NetctlPlan, netctl_plan_free)

/* "et%08x": the name the hypervisor must give the port's tap. The caller frees it. */
char *netctl_port_tap_name (guint32 port_index);

/* Answers a guest's metadata request. @vpc and @peer (text) identify the port beyond doubt, since
 * spoofed sources never reach the socket. @path starts with '/', e.g.
 * "/latest/meta-data/instance-id". Sets @out_body and returns an HTTP status: 200, 404, … Called on
 * a thread of netctl's own; may block. */
typedef guint (*NetctlMetadataFunc) (guint32 vpc, const char *peer, const char *method,
                                     const char *path, GHashTable *headers, GBytes **out_body,
                                     gpointer data);

typedef struct
{
  const char *run_dir;    /* hosts files and pid files of the DHCP servers */
  const char *const *dns; /* NULL-terminated name servers given to guests */
  NetctlMetadataFunc metadata;
  gpointer metadata_data;
} NetctlConfig;

/* The calls, as a table so that a fake can stand in for fault injection. All idempotent. */
typedef struct Netctl Netctl;
typedef struct
{
  /* Namespace, base rules, gateway, metadata socket, DHCP server, NAT. */
  gboolean (*vpc_apply) (Netctl *net, const NetctlVpc *vpc, GError **error);
  /* Takes the namespace and all in it away. Refused (BUSY) while a tap is inside. */
  gboolean (*vpc_remove) (Netctl *net, guint32 vpc_index, GError **error);
  /* Rules of a group in its VPC; touches only the chains that contain it. */
  gboolean (*group_apply) (Netctl *net, const NetctlGroup *group, GError **error);
  /* Refused (BUSY) while a port is in the group. */
  gboolean (*group_remove) (Netctl *net, guint32 vpc_index, guint32 group_index, GError **error);
  /* Before the guest exists: DHCP line and rules, so that the port is complete the moment its tap
   * appears. */
  gboolean (*port_prepare) (Netctl *net, const NetctlPort *port, GError **error);
  /* The tap exists (host namespace, or already moved): move, configure, up. The VPC and the groups
   * must have been applied. */
  gboolean (*port_attach) (Netctl *net, const NetctlPort *port, GError **error);
  /* Rules, set elements, DHCP line, route, neighbour, flows; the tap itself is the hypervisor's. */
  gboolean (*port_detach) (Netctl *net, const NetctlPort *port, GError **error);
  /* Makes the host equal to @plan: applies all, removes every namespace, element, chain and DHCP
   * server of ours that @plan lacks. Flows that @plan allows go on. A tap that @plan lacks but a
   * process still holds is closed and left, and so is its namespace. Each object is tried; the
   * first failure is returned. The first call of a process: until then a call on a VPC whose
   * namespace an earlier process left with taps inside is refused (BUSY). */
  gboolean (*reconcile) (Netctl *net, const NetctlPlan *plan, GError **error);
  void (*free) (Netctl *net);
} NetctlClass;

struct Netctl
{
  const NetctlClass *class;
};

/* The kernel's. Needs CAP_NET_ADMIN and CAP_SYS_ADMIN. Closes the host namespace for our taps first
 * of all. */
Netctl *netctl_new (const NetctlConfig *config, GError **error);
/* One that only remembers; for tests of the control plane. See netctl-fake.h for failing calls. */
Netctl *netctl_fake_new (void);
void netctl_free (Netctl *net);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Netctl, netctl_free)
