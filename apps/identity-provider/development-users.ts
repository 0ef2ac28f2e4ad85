/** A person of the story that development, the tour and the tests tell. */
export interface DevelopmentUser {
  readonly name: string;
  readonly about: string;
  /** `null`: an operator, who belongs to no network. */
  readonly networkId: number | null;
  /** What `seedDevelopment` makes of them; partner users are linked when their partner exists. */
  readonly employee?: {
    readonly employeeId: number;
    readonly superUser: boolean;
    readonly permissions: readonly string[];
    readonly scope: 'global' | 'limited';
  };
  readonly partnerId?: number;
}

export const DEVELOPMENT_NETWORKS: readonly {
  readonly networkId: number;
  readonly name: string;
  readonly region: 'us' | 'eu';
}[] = [
  { networkId: 1, name: 'Acme Network', region: 'us' },
  { networkId: 2, name: 'Northwind Network', region: 'eu' },
];

export const DEVELOPMENT_USERS: readonly DevelopmentUser[] = [
  { name: 'olivia', about: 'operator: creates networks, belongs to none', networkId: null },
  {
    name: 'sam',
    about: 'super user of network 1',
    networkId: 1,
    employee: { employeeId: 1, superUser: true, permissions: [], scope: 'global' },
  },
  {
    name: 'max',
    about: 'partner manager, only of the partners assigned to employee 2',
    networkId: 1,
    employee: {
      employeeId: 2,
      superUser: false,
      permissions: [
        'partners.read',
        'partners.manage',
        'partner.api_keys.read',
        'partner.api_keys.manage',
        'partner.api_keys.reveal',
      ],
      scope: 'limited',
    },
  },
  {
    name: 'kim',
    about: 'key manager, of all partners',
    networkId: 1,
    employee: {
      employeeId: 3,
      superUser: false,
      permissions: [
        'network.read',
        'partners.read',
        'partner.api_keys.read',
        'partner.api_keys.manage',
        'partner.api_keys.reveal',
      ],
      scope: 'global',
    },
  },
  {
    name: 'cora',
    about: 'compliance reviewer: reads the audit trail',
    networkId: 1,
    employee: {
      employeeId: 4,
      superUser: false,
      permissions: ['network.read', 'partners.read', 'partner.api_keys.read', 'audit.read'],
      scope: 'global',
    },
  },
  { name: 'pat', about: 'user of partner 1001', networkId: 1, partnerId: 1001 },
  {
    name: 'nora',
    about: 'super user of network 2',
    networkId: 2,
    employee: { employeeId: 1, superUser: true, permissions: [], scope: 'global' },
  },
];
