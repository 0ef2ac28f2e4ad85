import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';

export const OPENAPI_PATH = '/openapi.json';
export const DOCS_PATH = '/docs';

/** The description of the REST side, OpenAPI 3.1, as it is committed in `openapi.json`. */
export function openApiOf(app: INestApplication): OpenAPIObject {
  const base = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Keyledger')
    .setDescription(
      'The system of record and the enforcement point for partner API keys. Every answer says in `X-Ledger-Position` what it is true at; a query takes a position as `atLeast`. Errors are problem details (RFC 9457) with stable codes.',
    )
    .setVersion('1')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .addSecurityRequirements('bearer')
    .build();
  return SwaggerModule.createDocument(app, base);
}

/** `/openapi.json`, and a page to browse it. */
export function describeApi(app: INestApplication): void {
  SwaggerModule.setup(DOCS_PATH.slice(1), app, () => openApiOf(app), {
    jsonDocumentUrl: OPENAPI_PATH.slice(1),
    swaggerOptions: { persistAuthorization: false },
    raw: ['json'],
  });
}
