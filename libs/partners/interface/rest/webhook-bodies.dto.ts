import { PARTNER_NAME_CHARACTERS_MAX } from '../../domain/vendor-record.value.js';

/** The vendor's shapes, for the description: what is looked at. All else that comes with them is not. */
const id = { type: 'integer', minimum: 1 };
const seconds = { type: 'integer', description: 'Unix seconds.' };
const networkId = { type: 'integer', description: 'If there: the network of the credential.' };
const name = { type: 'string', maxLength: PARTNER_NAME_CHARACTERS_MAX };

export const PARTNER_WEBHOOK = {
  type: 'object',
  description: 'One of the two times must be there; an older one than before changes nothing.',
  required: ['network_affiliate_id', 'name', 'account_status'],
  properties: {
    network_affiliate_id: id,
    network_id: networkId,
    name,
    account_status: { type: 'string', examples: ['active'] },
    network_employee_id: { type: 'integer', description: 'The account manager; 0: none.' },
    time_created: seconds,
    time_saved: seconds,
  },
  additionalProperties: true,
};

export const SIGN_UP_VERDICT_WEBHOOK = {
  type: 'object',
  required: ['network_affiliate_id', 'network_affiliate_name', 'new_status', 'timestamp'],
  properties: {
    network_affiliate_id: id,
    network_id: networkId,
    network_affiliate_name: name,
    new_status: { type: 'string', examples: ['approved'] },
    employee_id: { type: 'integer', description: 'Who decided.' },
    timestamp: seconds,
  },
  additionalProperties: true,
};
